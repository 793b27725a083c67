import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // The tests in real hosts run what is deployed; it is built once.
    globalSetup: ['test/hosts/support/buildArtifacts.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
})

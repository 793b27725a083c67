import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // The tests in real hosts run what is deployed; it is built once.
    globalSetup: ['test/hosts/support/buildArtifacts.ts'],
    // By default a core is left idle for watching, which is half of a machine with two.
    maxWorkers: '100%',
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
})

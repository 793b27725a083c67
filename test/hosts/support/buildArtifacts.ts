import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { build } from '../../../scripts/build.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder that holds `cloudbase` and `lambda`, away from the project and its packages. */
    readonly artifacts: string
  }
}

/** Builds what is deployed once for all test files of a run. */
export default async function buildArtifacts({ provide }: TestProject): Promise<() => Promise<void>> {
  const artifacts = await mkdtemp(join(tmpdir(), 'artifacts-'))
  await build({ outdir: artifacts })
  provide('artifacts', artifacts)

  return () => rm(artifacts, { recursive: true, force: true })
}

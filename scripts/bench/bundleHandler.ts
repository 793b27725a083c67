import { build } from 'esbuild'
import { ROOT } from '../projectRoot.ts'

/** Builds a handler that is given as text, as functions are built. Resolves with its file. */
export async function bundleHandler(contents: string, outfile: string): Promise<string> {
  await build({
    stdin: { contents, resolveDir: ROOT, loader: 'ts' },
    outfile,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    mainFields: ['module', 'main'],
    target: 'node20',
  })
  return outfile
}

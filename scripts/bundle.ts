import { parse } from 'node:path'
import { type BuildOptions, build, type Plugin } from 'esbuild'
import type { AnyFunction } from '../shared/function/define.ts'
import { cloudCallsOf } from './cloudbaseConfig.ts'
import { ROOT } from './projectRoot.ts'

/** The index file of each function, by the function's name. */
export type Bundles = ReadonlyMap<string, Uint8Array>

/** The name of the SDK's own file in a function's folder. */
export const SDK_FILE = 'wx-server-sdk.js'

/** A function stays one small file: neither an SDK nor the whole of zod could slip in unnoticed. */
const MAX_INDEX_KB = 68

/** Never part of an index file: each is larger than all the rest together. */
const SDKS = /node_modules\/(wx-server-sdk|@aws-sdk|@cloudbase)\//

const OPTIONS = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  minify: true,
  legalComments: 'none',
  charset: 'utf8',
  metafile: true,
  write: false,
  logLevel: 'silent',
} as const satisfies BuildOptions

/** Whether the function can ever need wx-server-sdk. */
export const needsSdk = (fn: AnyFunction): boolean =>
  fn.readsCloudFiles === true || cloudCallsOf(fn).length > 0

/** How an entry file joins a function and an adapter. */
type Join = { readonly handler: string; readonly adapter: string; readonly platform: string }

const CLOUDBASE: Join = { handler: 'main', adapter: 'toCloudBase', platform: 'cloudbase' }
const LAMBDA: Join = { handler: 'handler', adapter: 'toLambda', platform: 'lambda' }

/** `index.js` on CloudBase: CommonJS, `exports.main`. */
export async function bundleForCloudBase(functions: readonly AnyFunction[], root = ROOT): Promise<Bundles> {
  const groups = [
    { members: functions.filter(needsSdk), sdk: sdkInItsOwnFile },
    { members: functions.filter((fn) => !needsSdk(fn)), sdk: noSdk },
  ]
  const bundles = groups.map(({ members, sdk }) =>
    bundleIndexFiles(members, CLOUDBASE, {
      absWorkingDir: root,
      format: 'cjs',
      plugins: [sdk],
      // The SDK is then loaded with require, which takes 110 ms where import takes 160.
      supported: { 'dynamic-import': false },
    }),
  )
  return new Map((await Promise.all(bundles)).flatMap((files) => [...files]))
}

/** `index.mjs` on Lambda: an ES module, `handler`. */
export const bundleForLambda = (functions: readonly AnyFunction[], root = ROOT): Promise<Bundles> =>
  bundleIndexFiles(functions, LAMBDA, {
    absWorkingDir: root,
    format: 'esm',
    mainFields: ['module', 'main'],
  })

/** wx-server-sdk with all it needs as one CommonJS file: a thirtieth of its node_modules, and nothing to install. */
export async function bundleSdk(root = ROOT): Promise<Uint8Array> {
  const stdin = { contents: `module.exports = require('wx-server-sdk')`, resolveDir: root }
  const { outputFiles } = await build({ ...OPTIONS, absWorkingDir: root, stdin, format: 'cjs' })
  const [sdk] = outputFiles
  if (!sdk) throw new Error('esbuild made nothing of wx-server-sdk')

  return sdk.contents
}

/** One run of esbuild for all functions: it reads each shared file once. */
async function bundleIndexFiles(
  functions: readonly AnyFunction[],
  join: Join,
  options: BuildOptions & { readonly absWorkingDir: string },
): Promise<Bundles> {
  const { outputFiles, metafile, warnings } = await build({
    ...options,
    ...OPTIONS,
    entryPoints: functions.map(({ name }) => ({ in: `${ENTRY}${name}`, out: name })),
    outdir: '.',
    plugins: [...(options.plugins ?? []), joinEntries(join, options.absWorkingDir)],
  })
  if (warnings[0]) throw new Error(`esbuild: ${warnings[0].text}`)

  for (const [path, { bytes, inputs }] of Object.entries(metafile.outputs)) {
    const file = `${parse(path).name} on ${join.platform}`
    const sdk = Object.keys(inputs).find((input) => SDKS.test(input))
    if (sdk) throw new Error(`${file}: bundles ${sdk}`)
    if (bytes > MAX_INDEX_KB * 1024)
      throw new Error(`${file}: ${bytes} bytes are more than ${MAX_INDEX_KB} KB`)
  }
  return new Map(outputFiles.map(({ path, contents }) => [parse(path).name, contents]))
}

const ENTRY = 'function:'

/** The three lines that join a function and an adapter, which know nothing of each other. */
const joinEntries = ({ handler, adapter, platform }: Join, root: string): Plugin => ({
  name: 'entries',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^function:/ }, ({ path }) => ({
      path: path.slice(ENTRY.length),
      namespace: 'entry',
    }))
    onLoad({ filter: /./, namespace: 'entry' }, ({ path: name }) => ({
      contents: `
        import fn from './functions/${name}/index.ts'
        import { ${adapter} } from './shared/platform/${platform}/adapter.ts'
        export const ${handler} = ${adapter}(fn)`,
      loader: 'ts',
      resolveDir: root,
    }))
  },
})

const sdkInItsOwnFile: Plugin = {
  name: 'sdk in its own file',
  setup({ onResolve }) {
    onResolve({ filter: /^wx-server-sdk$/ }, () => ({ path: `./${SDK_FILE}`, external: true }))
  },
}

const noSdk: Plugin = {
  name: 'no sdk',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^wx-server-sdk$/ }, ({ path }) => ({ path, namespace: 'no-sdk' }))
    onLoad({ filter: /./, namespace: 'no-sdk' }, () => ({
      contents: `throw new Error('the function declares neither a cloud call nor readsCloudFiles')`,
    }))
  },
}

import { basename, parse } from 'node:path'
import { type BuildOptions, build, type Metafile, type OutputFile, type Plugin } from 'esbuild'
import type { AnyFunction } from '../shared/function/define.ts'
import { cloudCallsOf } from './cloudbaseConfig.ts'
import { ROOT } from './projectRoot.ts'
import {
  noWxServerSdk,
  requireSdk,
  SDK_FILES,
  type Sdk,
  sdkRequiredFromEsm,
  versionInside,
} from './sdkFiles.ts'

/** A built file, and the source files that went into it. */
export type Bundle = { readonly code: Uint8Array; readonly inputs: readonly string[] }

/** The index file of each function, by the function's name. */
export type Bundles = ReadonlyMap<string, Bundle>

/** A function stays one small file: neither an SDK nor the whole of zod could slip in unnoticed. */
const MAX_INDEX_KB = 92
/** For what hears WeChat's pushes, which may be XML: the parser, the protocol and all that pushes are about. */
const MAX_PUSH_INDEX_KB = 116
const XML_PARSER = /node_modules\/@rgrove\/parse-xml\//

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
  outdir: '.',
  logLevel: 'silent',
} as const satisfies BuildOptions

/** With `require` an SDK is loaded in two thirds of the time that `import` takes to find its exports. */
const COMMON_JS = { format: 'cjs', supported: { 'dynamic-import': false } } as const satisfies BuildOptions

/** Whether the function can ever need wx-server-sdk. */
export const needsWxServerSdk = (fn: AnyFunction): boolean =>
  fn.readsCloudFiles === true || cloudCallsOf(fn).length > 0

/** How an entry file joins a function and an adapter. */
type Join = { readonly handler: string; readonly adapter: string; readonly platform: string }

const CLOUDBASE: Join = { handler: 'main', adapter: 'toCloudBase', platform: 'cloudbase' }
const LAMBDA: Join = { handler: 'handler', adapter: 'toLambda', platform: 'lambda' }

/** `index.js` on CloudBase: CommonJS, `exports.main`. */
export async function bundleForCloudBase(functions: readonly AnyFunction[], root = ROOT): Promise<Bundles> {
  const groups = [
    { members: functions.filter(needsWxServerSdk), wxServerSdk: requireSdk('wx-server-sdk') },
    { members: functions.filter((fn) => !needsWxServerSdk(fn)), wxServerSdk: noWxServerSdk },
  ]
  const bundles = groups.map(({ members, wxServerSdk }) =>
    bundleIndexFiles(members, CLOUDBASE, {
      ...COMMON_JS,
      absWorkingDir: root,
      plugins: [wxServerSdk, requireSdk('@cloudbase/node-sdk')],
    }),
  )
  return new Map((await Promise.all(bundles)).flatMap((files) => [...files]))
}

/** `index.mjs` on Lambda: an ES module, `handler`. */
export const bundleForLambda = (functions: readonly AnyFunction[], root = ROOT): Promise<Bundles> =>
  bundleIndexFiles(functions, LAMBDA, {
    format: 'esm',
    mainFields: ['module', 'main'],
    absWorkingDir: root,
    plugins: [sdkRequiredFromEsm('@cloudbase/node-sdk')],
  })

/**
 * An SDK with all it needs as one CommonJS file: a thirtieth of its node_modules, and nothing to install.
 * wx-server-sdk's is small because it takes node-sdk from the file beside it.
 */
export async function bundleSdk(sdk: Sdk, root = ROOT): Promise<Bundle> {
  const others = (Object.keys(SDK_FILES) as Sdk[]).filter((other) => other !== sdk)
  const { outputFiles, metafile } = await build({
    ...OPTIONS,
    ...COMMON_JS,
    absWorkingDir: root,
    stdin: { contents: `module.exports = require('${sdk}')`, resolveDir: root },
    plugins: [...others.map(requireSdk), versionInside],
  })
  const [bundle] = toBundles(outputFiles, metafile).values()
  if (!bundle) throw new Error(`esbuild made nothing of ${sdk}`)

  return bundle
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
    plugins: [...(options.plugins ?? []), joinEntries(join, options.absWorkingDir)],
  })
  if (warnings[0]) throw new Error(`esbuild: ${warnings[0].text}`)

  const bundles = toBundles(outputFiles, metafile)
  for (const [name, { code, inputs }] of bundles) {
    const file = `${name} on ${join.platform}`
    const sdk = inputs.find((input) => SDKS.test(input))
    if (sdk) throw new Error(`${file}: bundles ${sdk}`)
    const maxKb = inputs.some((input) => XML_PARSER.test(input)) ? MAX_PUSH_INDEX_KB : MAX_INDEX_KB
    if (code.byteLength > maxKb * 1024)
      throw new Error(`${file}: ${code.byteLength} bytes are more than ${maxKb} KB`)
  }
  return bundles
}

const toBundles = (files: readonly OutputFile[], { outputs }: Metafile): Bundles =>
  new Map(
    files.map(({ path, contents }) => {
      const inputs = Object.keys(outputs[basename(path)]?.inputs ?? {})
      return [parse(path).name, { code: contents, inputs }]
    }),
  )

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

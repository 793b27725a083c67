import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { zipSync } from 'fflate'
import type { AnyFunction } from '../shared/function/define.ts'
import { type Bundles, bundleForCloudBase, bundleForLambda, bundleSdk, needsWxServerSdk } from './bundle.ts'
import { toConfigJson } from './cloudbaseConfig.ts'
import { runCommand } from './command.ts'
import { discoverFunctions } from './functions.ts'
import { ROOT } from './projectRoot.ts'
import { SDK_FILES, type Sdk } from './sdkFiles.ts'

export type BuildOptions = {
  /** Default `dist`. Its `cloudbase` and `lambda` are replaced once all is built; a failed build leaves them alone. */
  readonly outdir?: string
  /** The functions to build, default all. */
  readonly names?: readonly string[]
  readonly root?: string
}

/** A built function and the size of its index files in bytes. */
export type BuiltFunction = {
  readonly name: string
  readonly cloudbase: Size
  readonly lambda: Size
}

type Size = { readonly bytes: number; readonly gzipBytes: number }

type File = readonly [path: string, content: Uint8Array]

/** Builds what is deployed. The same sources give the same bytes. Throws when a function is faulty or too large. */
export async function build(options: BuildOptions = {}): Promise<readonly BuiltFunction[]> {
  const { root = ROOT, names } = options
  const functions = select(await discoverFunctions(root), names)
  const [cloudbase, lambda, nodeSdk, wxServerSdk] = await Promise.all([
    bundleForCloudBase(functions, root),
    bundleForLambda(functions, root),
    bundleSdkFile('@cloudbase/node-sdk', root),
    bundleSdkFile('wx-server-sdk', root),
  ])
  const files = functions.flatMap((fn) => [
    ...cloudBaseFiles(fn, [
      ['index.js', bundleOf(cloudbase, fn)],
      nodeSdk,
      ...(needsWxServerSdk(fn) ? [wxServerSdk] : []),
    ]),
    ...lambdaFiles(fn, [['index.mjs', bundleOf(lambda, fn)], nodeSdk]),
  ])
  await replacePlatforms(resolve(options.outdir ?? join(root, 'dist')), new Map(files))

  return functions.map((fn) => ({
    name: fn.name,
    cloudbase: sizeOf(bundleOf(cloudbase, fn)),
    lambda: sizeOf(bundleOf(lambda, fn)),
  }))
}

const bundleSdkFile = async (sdk: Sdk, root: string): Promise<File> => [
  SDK_FILES[sdk],
  (await bundleSdk(sdk, root)).code,
]

const cloudBaseFiles = (fn: AnyFunction, code: readonly File[]): readonly File[] =>
  moveInto(join('cloudbase', fn.name), [
    ...code,
    ['package.json', toJsonFile({ type: 'commonjs' })],
    ['config.json', toJsonFile(toConfigJson(fn))],
  ])

const lambdaFiles = ({ name }: AnyFunction, code: readonly File[]): readonly File[] => [
  ...moveInto(join('lambda', name), code),
  [join('lambda', `${name}.zip`), toZip(code)],
]

const moveInto = (folder: string, files: readonly File[]): readonly File[] =>
  files.map(([path, content]) => [join(folder, path), content])

function bundleOf(bundles: Bundles, { name }: AnyFunction): Uint8Array {
  const bundle = bundles.get(name)
  if (!bundle) throw new Error(`esbuild made nothing of ${name}`)

  return bundle.code
}

function select(
  functions: readonly AnyFunction[],
  names: readonly string[] | undefined,
): readonly AnyFunction[] {
  const unknown = names?.filter((name) => functions.every((fn) => fn.name !== name)) ?? []
  if (unknown.length > 0) throw new Error(`there is no function ${unknown.join(', ')}`)

  return names ? functions.filter(({ name }) => names.includes(name)) : functions
}

/** Writes everything into a new folder first, so that what stops halfway leaves the old files alone. */
async function replacePlatforms(outdir: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  await mkdir(outdir, { recursive: true })
  const staging = await mkdtemp(join(outdir, '.build-'))
  try {
    for (const [path, bytes] of files) {
      await mkdir(dirname(join(staging, path)), { recursive: true })
      await writeFile(join(staging, path), bytes)
    }
    for (const platform of ['cloudbase', 'lambda']) {
      await rm(join(outdir, platform), { recursive: true, force: true })
      await rename(join(staging, platform), join(outdir, platform))
    }
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

const toJsonFile = (value: unknown): Uint8Array => Buffer.from(`${JSON.stringify(value, null, 2)}\n`)

const UNIX = 3
const READABLE_FILE = 0o100644 << 16

/** Always the same bytes for the same content: without this machine's clock and modes. */
const toZip = (files: readonly File[]): Uint8Array =>
  zipSync(Object.fromEntries(files), {
    level: 9,
    mtime: '1980-01-01T12:00',
    os: UNIX,
    attrs: READABLE_FILE,
  })

const sizeOf = (code: Uint8Array): Size => ({
  bytes: code.byteLength,
  gzipBytes: gzipSync(code).byteLength,
})

function toTable(built: readonly BuiltFunction[]): string {
  const toKb = (bytes: number) => (bytes / 1024).toFixed(1)
  const rows = [
    ['function', 'cloudbase KB', 'gzip KB', 'lambda KB', 'gzip KB'],
    ...built.map(({ name, cloudbase, lambda }) => [
      name,
      ...[cloudbase.bytes, cloudbase.gzipBytes, lambda.bytes, lambda.gzipBytes].map(toKb),
    ]),
  ]
  const width = Math.max(...rows.map(([name = '']) => name.length))
  return rows
    .map(([name = '', ...sizes]) => [name.padEnd(width), ...sizes.map((size) => size.padStart(14))].join(''))
    .join('\n')
}

await runCommand(import.meta.filename, async () => {
  const startedAtMs = performance.now()
  const built = await build()
  const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1)
  console.log(`${toTable(built)}\n\n${built.length} functions built into dist in ${seconds} s`)
})

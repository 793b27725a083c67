import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import { unzipSync } from 'fflate'
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest'
import { ROOT } from '../../scripts/projectRoot.ts'
import { VARIABLES } from '../../shared/core/config.ts'
import { secretForms } from '../support/secretForms.ts'
import { startNode } from './support/child.ts'

const ARTIFACTS = inject('artifacts')

let outdir: string
/** Built where every variable of the deployment was set. */
let files: ReadonlyMap<string, Buffer>

const canaryOf = (variable: string) => `canary-of-${variable}-7d41c0`

beforeAll(async () => {
  outdir = await mkdtemp(join(tmpdir(), 'artifacts-'))
  for (const variable of VARIABLES) vi.stubEnv(variable, canaryOf(variable))
  // Only now, as even what a script reads while it is loaded counts.
  const { build } = await import('../../scripts/build.ts')
  await build({ outdir })
  vi.unstubAllEnvs()
  files = await filesBelow(outdir)
})

afterAll(() => rm(outdir, { recursive: true }))

/** Every file below a folder by its path; of a zip the files in it. */
async function filesBelow(folder: string): Promise<ReadonlyMap<string, Buffer>> {
  const found = new Map<string, Buffer>()
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue

    const path = join(entry.parentPath, entry.name)
    const bytes = await readFile(path)
    if (!entry.name.endsWith('.zip')) found.set(relative(folder, path), bytes)
    for (const [name, content] of entry.name.endsWith('.zip') ? Object.entries(unzipSync(bytes)) : [])
      found.set(join(relative(folder, path), name), Buffer.from(content))
  }
  return found
}

test('no built file holds a value of the environment that it was built in', () => {
  expect(files.size).toBeGreaterThan(0)
  for (const [path, bytes] of files) {
    const text = bytes.toString('latin1')
    for (const variable of VARIABLES) {
      const shown = secretForms(canaryOf(variable)).filter((form) => text.includes(form))
      expect(shown, `${variable} in ${path}`).toEqual([])
    }
  }
})

test.each([
  ['where it was built', () => [ROOT, outdir]],
  ['what stands in for a secret on one machine', () => ['simulated-app-secret', 'local-server-key']],
  ['how to find its sources', () => ['sourceMappingURL']],
])('no built file tells %s', (_, hints) => {
  for (const [path, bytes] of files) {
    expect(
      hints().filter((hint) => bytes.includes(hint)),
      path,
    ).toEqual([])
  }
})

test('a zip holds exactly the files of its folder', () => {
  const paths = [...files.keys()].filter((path) => path.startsWith('lambda/'))
  const zipped = paths.filter((path) => dirname(path).endsWith('.zip'))

  expect(zipped.length * 2).toBe(paths.length)
  for (const path of zipped) {
    const folder = dirname(path).slice(0, -'.zip'.length)
    expect(files.get(path)?.equals(files.get(join(folder, basename(path))) ?? Buffer.of())).toBe(true)
  }
})

test.each([
  ['an XML parser', 'xml:space', 'receiveMessage'],
  ['the protocol of pushes', 'msg_signature', 'receiveMessage'],
  ['messages to customer service', '/cgi-bin/message/custom/send', 'receiveMessage'],
  ['submissions of media', '/wxa/media_check_async', 'checkContent'],
])('%s: only the function that needs it carries it', (_, text, name) => {
  const carrying = [...files.keys()].filter((path) => files.get(path)?.includes(text))

  expect(carrying.sort()).toEqual([
    `cloudbase/${name}/index.js`,
    `lambda/${name}.zip/index.mjs`,
    `lambda/${name}/index.mjs`,
  ])
})

test.each([
  ['cloudbase', 'index.js', 'main', (file: string) => `require(${JSON.stringify(file)})`],
  ['lambda', 'index.mjs', 'handler', (file: string) => `await import(${JSON.stringify(file)})`],
])(
  'every bundle for %s loads in plain Node, with nothing installed beside it',
  async (platform, file, name, load) => {
    const folder = join(ARTIFACTS, platform)
    const entries = await readdir(folder, { withFileTypes: true })
    const bundles = entries
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(folder, entry.name, file))
    const loads = bundles.map((bundle) => `console.log(Object.keys(${load(bundle)}).join())`)

    const child = startNode(['-e', `(async () => { ${loads.join('\n')} })()`], {
      cwd: folder,
      environment: {},
    })

    expect(await child.exited).toBe(0)
    expect(child.output).toBe(`${name}\n`.repeat(bundles.length))
  },
)

import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, rename, rmdir, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { discoverFunctions } from '../../scripts/functions.ts'
import { startSimulator } from '../../scripts/simulator/simulator.ts'
import { APP_ID, APP_SECRET } from '../support/world.ts'
import { type Child, startNode } from './support/child.ts'
import { copyProject } from './support/projectCopy.ts'

/** A port that nothing listens on. */
const NOWHERE = 'http://127.0.0.1:1'
const SECRET_ALONE = { WECHAT_APP_SECRET: APP_SECRET, WECHAT_API_BASE_URL: NOWHERE }
const SET_TO_NOTHING = { WECHAT_APP_ID: '', WECHAT_APP_SECRET: '', STATE_KEYS: '', SERVER_KEY: '' }
const AWS_ACCOUNT = {
  AWS_ENDPOINT_URL_DYNAMODB: NOWHERE,
  AWS_REGION: 'cn-north-1',
  AWS_SESSION_TOKEN: 'token',
  STATE_TABLE: 'other',
}
const NO_PORT_YET = { PORT: '0', SIMULATOR_PORT: '0' }

let project: Awaited<ReturnType<typeof copyProject>>

beforeAll(async () => {
  project = await copyProject()
})

afterAll(() => project.remove())

/** What `npm start` runs, as one process instead of two. */
const start = (environment: Readonly<Record<string, string>> = {}): Child =>
  startNode(['--import', 'tsx', 'scripts/start.ts'], {
    cwd: project.folder,
    environment: { ...NO_PORT_YET, ...environment },
  })

/** Where the functions and the simulated WeChat are, once both have been told. */
async function urlsOf(child: Child) {
  const [, functions = ''] = await child.printed(/answer at (\S+)\/<name>/)
  const [, simulator = ''] = await child.printed(/simulated WeChat at (\S+) \(/)
  await child.printed(/Ctrl-C ends everything/)
  return { functions, simulator }
}

async function post(url: string, input: unknown = {}, token = ''): Promise<unknown> {
  const headers = token ? { authorization: `Bearer ${token}` } : {}
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(input) })
  return response.json()
}

async function logIn({ functions, simulator }: { functions: string; simulator: string }): Promise<string> {
  const reply = await post(`${functions}/login`, await post(`${simulator}/phone/alice/login`))
  expect(reply).toMatchObject({ ok: true, data: { token: expect.any(String) } })
  return (reply as { data: { token: string } }).data.token
}

/** At one stroke, so that it is one change and never half a file. */
async function replaceFile(file: string, text: string): Promise<void> {
  const written = join(project.folder, 'written.ts')
  await writeFile(written, text)
  await rename(written, file)
}

const isListening = (url: string) =>
  fetch(url).then(
    () => true,
    () => false,
  )

describe('npm start', () => {
  let child: Child
  let urls: { functions: string; simulator: string }

  beforeAll(async () => {
    child = start()
    urls = await urlsOf(child)
  }, 30_000)

  test('names every function, and where the simulated WeChat is', async () => {
    const names = (await discoverFunctions()).map(({ name }) => name)

    expect(child.output).toContain(`  ${names.join('  ')}\n`)
    expect(await (await fetch(`${urls.simulator}/phone`)).json()).toMatchObject({
      actions: { login: expect.any(String) },
    })
  })

  test('answers a route that does not exist with those that do', async () => {
    expect(await post(`${urls.functions}/nothing`)).toMatchObject({
      ok: false,
      error: { code: 'NOT_FOUND', message: expect.stringContaining('/login') },
    })
  })

  test('prints lines that work as they are printed', async () => {
    const [, lines = ''] = await child.printed(/in another terminal:\n\n(.+?)\n\nnpm run demo/s)
    // Others are piped into the next one, kept for it, or written to a file.
    const printing = lines.split('\n').filter((line) => line.includes("-sw '\\n'") && !line.includes(' -o '))

    const { stdout, stderr } = await promisify(execFile)('bash', ['-c', lines], { cwd: project.folder })

    const replies = stdout.split('\n').filter((line) => line !== '')
    expect(stderr).toBe('')
    expect(replies).toHaveLength(printing.length)
    expect(replies.filter((reply) => 'error' in JSON.parse(reply))).toEqual([])
    const code = await readFile(join(project.folder, 'code.jpg'))
    const scanned = await fetch(`${urls.simulator}/phone/alice/scan`, { method: 'POST', body: code })
    expect(await scanned.json()).toEqual({ scene: 'table=7' })
  })

  /** Changes the source of logout, looks once it is told what became of that, and changes it back. */
  async function whileLogoutIs(
    changed: (source: string) => string,
    told: RegExp,
    look: () => Promise<void>,
  ): Promise<void> {
    const file = join(project.folder, 'functions/logout/index.ts')
    const source = await readFile(file, 'utf8')
    await replaceFile(file, changed(source))
    try {
      await child.printsNext(told)
      await look()
    } finally {
      await replaceFile(file, source)
      await child.printsNext(/Built and started again/)
    }
  }

  test('builds changed sources and starts them, and a session survives it', async () => {
    const token = await logIn(urls)
    const changed = (source: string) =>
      source.replace('return { revoked:', 'return { changed: true, revoked:')

    await whileLogoutIs(changed, /Built and started again/, async () => {
      expect(await post(`${urls.functions}/logout`, {}, token)).toEqual({
        ok: true,
        data: { changed: true, revoked: 1 },
      })
    })
  })

  test.each([
    ['build', "import './nothing.ts'"],
    ['start', "throw new Error('not today')"],
  ])('lets the functions from before go on when changed sources do not %s', async (_, fault) => {
    const token = await logIn(urls)
    const changed = (source: string) => `${source}\n${fault}\n`

    await whileLogoutIs(changed, /the functions from before go on/, async () => {
      expect(await post(`${urls.functions}/checkSession`, {}, token)).toMatchObject({ ok: true })
    })
    expect(await post(`${urls.functions}/checkSession`, {}, token)).toMatchObject({ ok: true })
  })

  test('serves a function that was added meanwhile', async () => {
    const source = await readFile(join(project.folder, 'functions/logout/index.ts'), 'utf8')
    const folder = join(project.folder, 'functions/signOut')

    await mkdir(folder)
    await replaceFile(join(folder, 'index.ts'), source.replace("name: 'logout'", "name: 'signOut'"))
    await child.printsNext(/Built and started again/)

    expect(await post(`${urls.functions}/signOut`)).toMatchObject({ error: { code: 'UNAUTHENTICATED' } })
  })

  test('ends with everything that it has started', async () => {
    expect(await child.stop()).toBe(0)

    expect(await isListening(urls.functions)).toBe(false)
    expect(await isListening(urls.simulator)).toBe(false)
  })

  test('tells of a faulty function in one line', async () => {
    const faulty = join(project.folder, 'functions/faulty')
    await mkdir(faulty)
    const refused = start()

    expect(await refused.exited).toBe(1)
    expect(refused.output).toBe('functions/faulty: has no index.ts\n')
    await rmdir(faulty)
  })

  test('leaves nothing behind when it is killed', async () => {
    const killed = start()
    const { functions } = await urlsOf(killed)

    // The output ends when the last process that writes to it has ended.
    expect(await killed.stop('SIGKILL')).toBe('SIGKILL')

    expect(await isListening(functions)).toBe(false)
  })
})

describe.concurrent('a port that cannot be had', () => {
  let taken: string

  beforeAll(async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    taken = String((server.address() as AddressInfo).port)
    return () => server.close()
  })

  test.each([
    ['PORT', 'taken', /^Port \d+ is in use\. Set PORT to another one\.\n$/],
    ['SIMULATOR_PORT', 'taken', /^Port \d+ is in use\. Set SIMULATOR_PORT to another one\.\n$/],
    ['SIMULATOR_PORT', '65536', /^SIMULATOR_PORT must be a port from 0 to 65535\.\n$/],
  ])('is told in one line: %s=%s', async (variable, port, line) => {
    const child = start({ [variable]: port === 'taken' ? taken : port })

    expect(await child.exited).toBe(1)
    expect(child.output).toMatch(line)
  })
})

describe.concurrent('variables of the shell', () => {
  test.each<[string, Record<string, string>]>([
    ['a secret without its app id, and another WeChat', SECRET_ALONE],
    ['an app id, and an AWS account without a store', { WECHAT_APP_ID: APP_ID, ...AWS_ACCOUNT }],
    ['a store in memory, and variables set to nothing', { STATE_STORE: 'memory', ...SET_TO_NOTHING }],
  ])('do not keep the local deployment from working: %s', async (_, environment) => {
    const child = start(environment)
    const urls = await urlsOf(child)

    const token = await logIn(urls)

    expect(await post(`${urls.functions}/checkSession`, {}, token)).toEqual({
      ok: true,
      data: { valid: true },
    })
    expect(await child.stop()).toBe(0)
  })

  test('that name a mini program lead to the real WeChat, which is not simulated then', async (context) => {
    const wechat = await startSimulator({ appId: APP_ID, appSecret: APP_SECRET })
    context.onTestFinished(() => wechat.close())
    const child = start({
      WECHAT_APP_ID: APP_ID,
      WECHAT_APP_SECRET: APP_SECRET,
      WECHAT_API_BASE_URL: wechat.url,
    })
    const [, functions = ''] = await child.printed(/answer at (\S+)\/<name>/)
    await child.printed(/talk to the real WeChat/)

    expect(await post(`${functions}/login`, wechat.phone('alice').login())).toMatchObject({ ok: true })
    expect(child.output).not.toMatch(/simulated|phone/)
    expect(child.output).not.toContain(APP_SECRET)
    expect(await child.stop()).toBe(0)
  })
})

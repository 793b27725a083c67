import { type Simulator, type SimulatorOptions, startSimulator } from '../../scripts/simulator/simulator.ts'

export const APP_ID = 'wx0123456789abcdef'
export const APP_SECRET = '0123456789abcdef0123456789abcdef'

type Json = Record<string, unknown>

/** A simulator with a clock of its own, and what a plain HTTP client does with it. */
export async function startTestSimulator(options: Partial<SimulatorOptions> = {}) {
  const clock = { ms: Date.parse('2026-11-20T04:00:00Z') }
  const simulator = await startSimulator({
    appId: APP_ID,
    appSecret: APP_SECRET,
    nowMs: () => clock.ms,
    ...options,
  })

  async function send(path: string, query: Record<string, string>, init?: RequestInit): Promise<Response> {
    return fetch(`${simulator.url}${path}?${new URLSearchParams(query)}`, init)
  }
  const get = async (path: string, query: Record<string, string> = {}): Promise<Json> =>
    JSON.parse(await (await send(path, query)).text())
  const postRaw = (path: string, query: Record<string, string>, body: NonNullable<RequestInit['body']>) =>
    send(path, query, { method: 'POST', body })
  const post = async (path: string, query: Record<string, string>, body: Json): Promise<Json> =>
    JSON.parse(await (await postRaw(path, query, JSON.stringify(body))).text())

  const credential = { appid: APP_ID, secret: APP_SECRET }
  const stableToken = (fields: Json = {}) =>
    post('/cgi-bin/stable_token', {}, { grant_type: 'client_credential', ...credential, ...fields })
  const classicToken = () => get('/cgi-bin/token', { grant_type: 'client_credential', ...credential })
  const token = async () => String((await stableToken()).access_token)

  /** Calls an API with a good access token. */
  const call = async (path: string, body: Json, query: Record<string, string> = {}) =>
    post(path, { access_token: await token(), ...query }, body)
  const login = (code: string) =>
    get('/sns/jscode2session', { ...credential, js_code: code, grant_type: 'authorization_code' })

  return {
    simulator,
    clock,
    credential,
    send,
    get,
    post,
    postRaw,
    stableToken,
    classicToken,
    token,
    call,
    login,
  }
}

export type TestSimulator = Awaited<ReturnType<typeof startTestSimulator>>
export type { Json, Simulator, SimulatorOptions }

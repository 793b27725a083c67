import type { FleetInstance, FleetWorld } from './fleetWorld.ts'

type Way = {
  /** Of the endpoint that hands out tokens. */
  readonly path: '/cgi-bin/token' | '/cgi-bin/stable_token'
  /** Whether calls that find no token wait for one fetch together. */
  readonly isSingleFlight?: boolean
  /** Whether a call whose token is refused is repeated with a new one. */
  readonly repeats?: boolean
}

type Fields = Readonly<Record<string, unknown>>

const TOKEN_ERRCODES: readonly unknown[] = [40001, 40014, 42001]
const REQUEST = { timeoutMs: 10_000, maxResponseBytes: 100_000 } as const

/** What people write: a token in two variables of the instance. Over the same connections as ours. */
export const startByHand =
  ({ path, isSingleFlight = false, repeats = false }: Way) =>
  ({ app, simulator, openid, clock, openTransport }: FleetWorld): FleetInstance => {
    const transport = openTransport()
    let token = ''
    let expiresAtMs = 0
    let fetching: Promise<void> | undefined

    async function request(method: 'GET' | 'POST', target: string, body?: Fields): Promise<Fields> {
      const response = await transport.send({
        ...REQUEST,
        method,
        url: `${simulator.url}${target}`,
        headers: { 'content-type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      })
      return JSON.parse(response.body.toString())
    }

    async function fetchToken(): Promise<void> {
      const credential = { grant_type: 'client_credential', appid: app.appId, secret: app.appSecret }
      const issued =
        path === '/cgi-bin/token'
          ? await request('GET', `${path}?${new URLSearchParams(credential)}`)
          : await request('POST', path, credential)
      token = String(issued.access_token)
      expiresAtMs = clock.nowMs() + Number(issued.expires_in) * 1000
    }

    async function currentToken(): Promise<string> {
      if (clock.nowMs() >= expiresAtMs) {
        if (!isSingleFlight) await fetchToken()
        else {
          fetching ??= fetchToken().finally(() => {
            fetching = undefined
          })
          await fetching
        }
      }
      return token
    }

    const check = async (used: string): Promise<unknown> => {
      const text = { version: 2, openid, scene: 1, content: 'tea' }
      return (await request('POST', `/wxa/msg_sec_check?access_token=${used}`, text)).errcode
    }

    return {
      async call() {
        const used = await currentToken()
        const errcode = await check(used)
        if (!repeats || !TOKEN_ERRCODES.includes(errcode)) return errcode === 0

        if (token === used) expiresAtMs = 0
        return (await check(await currentToken())) === 0
      },
    }
  }

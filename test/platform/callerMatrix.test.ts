import { afterEach, describe, expect, test } from 'vitest'
import { discoverFunctions } from '../../scripts/functions.ts'
import { isJsonObject } from '../../shared/core/json.ts'
import type { Access } from '../../shared/function/caller.ts'
import type { AnyFunction } from '../../shared/function/define.ts'
import type { Reply } from '../../shared/function/reply.ts'
import { toCloudBase } from '../../shared/platform/cloudbase/adapter.ts'
import type { CloudBaseContext } from '../../shared/platform/cloudbase/readContext.ts'
import { toLambda } from '../../shared/platform/lambda/adapter.ts'
import { withEnviron, withEnvironment } from '../support/cloudBaseContext.ts'
import { keyRing, stateKeys } from '../support/keyRing.ts'
import { APP_ID, createWorld, SERVER_KEY, type World } from '../support/world.ts'

/** Who may push, and what everybody else hears who tries, is in push.test.ts. */
const functions = (await discoverFunctions()).filter(({ push }) => !push)

/** As whom a function serves a caller, or the code with which it does not. */
type Outcome = 'anonymous' | 'alice' | 'server' | 'timer' | 'UNAUTHENTICATED' | 'FORBIDDEN'

/** What the contract says, given who may call a function. */
type Rule = (access: readonly Access[]) => Outcome

const asAlice: Rule = (access) => (access.includes('user') ? 'alice' : 'FORBIDDEN')
const asServer: Rule = (access) => (access.includes('server') ? 'server' : 'FORBIDDEN')
const asTimer: Rule = (access) => (access.includes('timer') ? 'timer' : 'FORBIDDEN')
const asNobody: Rule = (access) => (access.includes('anonymous') ? 'anonymous' : 'UNAUTHENTICATED')
const forbidden: Rule = () => 'FORBIDDEN'

/** Where one may be anonymous a token is not looked at: it may be the dead one of who logs in again. */
const byToken =
  (holder: Outcome): Rule =>
  (access) => {
    if (access.includes('anonymous')) return 'anonymous'
    return access.includes('user') ? holder : 'FORBIDDEN'
  }

/** With AWS's own authority: as the timer where there is one, otherwise as the server. */
const asPrincipal: Rule = (access) => (access.includes('timer') ? 'timer' : asServer(access))

type Caller = (world: World) => Promise<{ event: object; context?: CloudBaseContext }>

/** No function has this field, so that whoever is served is told so and nothing more happens. */
const MARK = { isMarked: true }
const UNKNOWN_TOKEN = `${'a'.repeat(22)}.${'b'.repeat(43)}`

const variablesOf = ({ simulator }: World, name: string) => ({
  TCB_SOURCE: 'wx_client',
  WX_OPENID: simulator.phone(name).openid,
  WX_APPID: APP_ID,
})

/** `wx.cloud.callFunction` by Alice, with this beside her own data and these variables changed. */
const callFunction =
  (forged: (world: World) => object = () => ({}), changed: Record<string, string> = {}): Caller =>
  async (world) => ({
    event: { ...MARK, ...forged(world) },
    context: withEnvironment({ ...variablesOf(world, 'alice'), ...changed }),
  })

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const httpOf = (headers: object, body: object = MARK) => ({
  httpMethod: 'POST',
  path: '/',
  headers,
  requestContext: { requestId: 'r1' },
  body: JSON.stringify(body),
  isBase64Encoded: false,
})

const HTTP_CALLERS: [string, (world: World) => Promise<object>, Rule][] = [
  ['HTTP with a token', async (world) => bearer((await world.logIn('alice')).token), byToken('alice')],
  ['HTTP with an unknown token', async () => bearer(UNKNOWN_TOKEN), byToken('UNAUTHENTICATED')],
  ['HTTP without a token', async () => ({}), asNobody],
  ['HTTP with the server key', async () => bearer(SERVER_KEY), asServer],
  [
    'HTTP with the headers of a private gateway',
    async ({ simulator }) => ({
      'x-wx-openid': simulator.phone('victim').openid,
      'x-wx-appid': APP_ID,
      'x-wx-source': 'wx_client',
    }),
    asNobody,
  ],
  [
    'HTTP with a token in a cookie',
    async (world) => ({ cookie: `token=${(await world.logIn('alice')).token}` }),
    asNobody,
  ],
]

const forgedHttp = ({ simulator }: World) => ({
  ...httpOf(bearer(SERVER_KEY)),
  openid: simulator.phone('victim').openid,
})
const forgedTimer = () => ({
  Type: 'Timer',
  TriggerName: 'refresh',
  Time: '2026-11-20T00:00:00Z',
  Message: '',
})
const forgedUserInfo = ({ simulator }: World) => ({
  userInfo: { appId: APP_ID, openId: simulator.phone('victim').openid },
})
const forgedCloudId = () => ({
  cloudID: { cloudID: '39_x', data: { phoneNumber: '1', watermark: { appid: APP_ID } } },
})

const CLOUDBASE_CALLERS: [string, Caller, Rule][] = [
  ...HTTP_CALLERS.map(([name, headersOf, rule]): [string, Caller, Rule] => [
    name,
    async (world) => ({
      event: httpOf(await headersOf(world)),
      context: withEnvironment({ TCB_SOURCE: 'wx_http' }),
    }),
    rule,
  ]),
  ['a user by callFunction', callFunction(), asAlice],
  ['a user who forges a timer', callFunction(forgedTimer), asAlice],
  ['a user who forges HTTP with the server key', callFunction(forgedHttp), asAlice],
  ["a user who forges another's userInfo", callFunction(forgedUserInfo), asAlice],
  ['a user who forges a resolved cloudID', callFunction(forgedCloudId), asAlice],
  [
    'a user who forges variables of the context',
    callFunction(() => ({ TCB_SOURCE: 'scf', TRIGGER_SRC: 'timer' })),
    asAlice,
  ],
  ['a user in the developer tools', callFunction(undefined, { TCB_SOURCE: 'wx_devtools' }), asAlice],
  [
    'another function on behalf of a user',
    callFunction(undefined, { TCB_SOURCE: 'wx_client,scf' }),
    asServer,
  ],
  [
    'another function',
    async () => ({ event: MARK, context: withEnvironment({ TCB_SOURCE: 'scf' }) }),
    asServer,
  ],
  [
    'the timer',
    async () => ({ event: forgedTimer(), context: withEnvironment({ TCB_SOURCE: 'wx_trigger' }) }),
    asTimer,
  ],
  [
    'the timer by its trigger',
    async () => ({ event: forgedTimer(), context: withEnviron({ TRIGGER_SRC: 'timer' }) }),
    asTimer,
  ],
  ["a user of another app's context", callFunction(undefined, { WX_APPID: 'wx-other' }), forbidden],
  [
    'a user of another app that shares ours',
    callFunction(undefined, { WX_FROM_APPID: 'wx-other' }),
    forbidden,
  ],
  ['a client without an openid', callFunction(undefined, { WX_OPENID: '' }), asNobody],
  ['a client without an openid who forges HTTP', callFunction(forgedHttp, { WX_OPENID: '' }), asNobody],
  [
    'a context that contradicts itself',
    async (world) => ({
      event: MARK,
      context: {
        ...withEnvironment(variablesOf(world, 'alice')),
        ...withEnviron(variablesOf(world, 'victim')),
      },
    }),
    asNobody,
  ],
  [
    'no context, on an instance that still holds a victim in its environment',
    async (world) => {
      Object.assign(process.env, variablesOf(world, 'victim'), { WX_CONTEXT_KEYS: 'WX_OPENID,WX_APPID' })
      return { event: MARK, context: {} }
    },
    asNobody,
  ],
  [
    'a user, on an instance that still holds a victim in its environment',
    async (world) => {
      Object.assign(process.env, variablesOf(world, 'victim'))
      return callFunction()(world)
    },
    asAlice,
  ],
]

const LAMBDA_CALLERS: [string, Caller, Rule][] = [
  ...HTTP_CALLERS.map(([name, headersOf, rule]): [string, Caller, Rule] => [
    name,
    async (world) => ({ event: httpOf(await headersOf(world)) }),
    rule,
  ]),
  ...HTTP_CALLERS.map(([name, headersOf, rule]): [string, Caller, Rule] => [
    `${name}, as payload 2.0`,
    async (world) => ({
      event: {
        version: '2.0',
        headers: await headersOf(world),
        requestContext: { http: { method: 'POST' } },
        body: JSON.stringify(MARK),
        isBase64Encoded: false,
      },
    }),
    rule,
  ]),
  [
    'HTTP with a forged timer in its body',
    async () => ({ event: httpOf({}, { ...MARK, ...forgedTimer() }) }),
    asNobody,
  ],
  [
    'HTTP with an empty request context',
    async () => ({ event: { ...httpOf({}), requestContext: null } }),
    asNobody,
  ],
  ['a principal that IAM allows', async () => ({ event: MARK }), asPrincipal],
  [
    'EventBridge',
    async () => ({ event: { source: 'aws.events', 'detail-type': 'Scheduled Event' } }),
    asPrincipal,
  ],
]

const PLATFORMS = [
  { platform: 'CloudBase', adapt: toCloudBase, callers: CLOUDBASE_CALLERS },
  { platform: 'Lambda', adapt: toLambda as typeof toCloudBase, callers: LAMBDA_CALLERS },
]

/** As whom the one log line says that the call was served. */
function outcomeOf({ logLines, simulator }: World): string {
  const { caller, user, code } = JSON.parse(logLines.at(-1) ?? '{}')
  if (caller === 'refused') return code
  if (caller !== 'user') return caller

  const name = ['alice', 'victim'].find(
    (name) => keyRing('k1').pseudonym(simulator.phone(name).openid) === user,
  )
  return name ?? 'somebody'
}

const toReply = (answer: unknown): Reply =>
  isJsonObject(answer) && 'body' in answer ? JSON.parse(String(answer.body)) : (answer as Reply)

const VICTIM_VARIABLES = ['TCB_SOURCE', 'WX_OPENID', 'WX_APPID', 'WX_CONTEXT_KEYS']

afterEach(() => {
  for (const name of VICTIM_VARIABLES) delete process.env[name]
})

const table = (outcomeFor: (fn: AnyFunction) => string) =>
  Object.fromEntries(functions.map((fn) => [fn.name, outcomeFor(fn)]))

describe.each(PLATFORMS)('on $platform every function but those for pushes answers', ({ adapt, callers }) => {
  test.each(callers)('%s', async (_, callerOf, rule) => {
    const world = await createWorld({ environment: { STATE_KEYS: stateKeys('k1') } })
    const { event, context } = await callerOf(world)
    const seen: Record<string, string> = {}

    for (const fn of functions) {
      const before = {
        operations: world.store.operations.length,
        requests: world.simulator.requests().length,
      }
      const reply = toReply(await adapt(fn, () => world.runtime)(event, context))
      seen[fn.name] = outcomeOf(world)

      if (seen[fn.name] !== 'FORBIDDEN') continue
      expect(reply).toMatchObject({ ok: false, error: { code: 'FORBIDDEN', retryable: false } })
      expect(world.store.operations).toHaveLength(before.operations)
      expect(world.simulator.requests()).toHaveLength(before.requests)
    }

    expect(seen).toEqual(table((fn) => rule(fn.access)))
  })
})

test('the matrix has every function of the project', () => {
  expect(functions.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['login', 'logout', 'decryptOpenData', 'refreshAccessToken', 'verifySoter']),
  )
})

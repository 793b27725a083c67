import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { inject, type TestContext } from 'vitest'
import type { Simulator } from '../../../scripts/simulator/simulator.ts'
import type { Reply } from '../../../shared/function/reply.ts'
import { codeOf, SERVER_KEY } from '../../support/world.ts'
import { startBackend } from './backend.ts'
import { payload2 } from './gatewayEvents.ts'
import { type Lambda, startLambda } from './lambda.ts'

export type TokenMode = 'stable' | 'classic'

/** Processes of one deployed function, which share a table and a WeChat and nothing else. */
export type Fleet = {
  readonly simulator: Simulator
  /** The path at which WeChat hands out access tokens. */
  readonly tokenPath: string
  /** How often WeChat was asked there. */
  readonly tokenFetches: number
  /** The access token of every call that came to WeChat. */
  readonly tokensUsed: readonly (string | undefined)[]
  /** A new process that is ready: loaded, and in no need of state or WeChat so far. */
  startOne(options?: { readonly clockAheadMs: number }): Promise<Instance>
  start(count: number): Promise<readonly Instance[]>
}

export type Instance = {
  /** A call that needs an access token. Resolves with the code of its reply, `OK` for a success. */
  call(): Promise<string>
  freeze(): void
  thaw(): void
  kill(): void
}

const FUNCTION = 'checkContent'
const API = '/wxa/msg_sec_check'
const TOKEN_PATHS: Record<TokenMode, string> = { stable: '/cgi-bin/stable_token', classic: '/cgi-bin/token' }
const CLOCK_AHEAD = join(import.meta.dirname, 'clockAhead.cjs')
/** More than the function allows itself, so that its own limit is the one that counts. */
const INVOCATION_MS = 30_000
const POLL_MS = 10

/** A fleet without instances. Whatever it starts ends with the test. */
export async function startFleet(mode: TokenMode, { onTestFinished }: TestContext): Promise<Fleet> {
  const { simulator, environment, close } = await startBackend()
  const started: Lambda[] = []
  onTestFinished(async () => {
    for (const lambda of started) lambda.signal('SIGKILL')
    await Promise.all(started.map((lambda) => lambda.close()))
    await close()
  })
  const user = simulator.phone('alice')
  user.login()
  const event = payload2(FUNCTION, {
    body: JSON.stringify({ type: 'text', scene: 1, content: 'tea', openid: user.openid }),
    headers: { authorization: `Bearer ${SERVER_KEY}` },
  })
  const tokenPath = TOKEN_PATHS[mode]

  async function startOne({ clockAheadMs } = { clockAheadMs: 0 }): Promise<Instance> {
    const lambda = await startLambda('aws-lambda-ric 4.0.2', join(inject('artifacts'), 'lambda', FUNCTION), {
      ...environment,
      WECHAT_TOKEN_MODE: mode,
      NODE_OPTIONS: `--require ${JSON.stringify(CLOCK_AHEAD)}`,
      CLOCK_AHEAD_MS: String(clockAheadMs),
    })
    started.push(lambda)
    const invoke = async (invocation: unknown): Promise<Reply> => {
      const { body } = (await lambda.invoke(invocation, INVOCATION_MS + clockAheadMs)) as { body: string }
      return JSON.parse(body)
    }
    // A stranger is turned away by what is loaded alone.
    await invoke(payload2(FUNCTION, {}))

    return {
      call: async () => codeOf(await invoke(event)),
      freeze: () => lambda.signal('SIGSTOP'),
      thaw: () => lambda.signal('SIGCONT'),
      kill: () => lambda.signal('SIGKILL'),
    }
  }

  return {
    simulator,
    tokenPath,
    get tokenFetches() {
      return simulator.requests(tokenPath).length
    },
    get tokensUsed() {
      return simulator.requests(API).map(({ query }) => query.access_token)
    },
    startOne,
    start: (count) => Promise.all(Array.from({ length: count }, () => startOne())),
  }
}

/** Resolves once it is so. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(POLL_MS)
}

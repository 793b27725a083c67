import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { handlers as noHandlers, uses } from '../../functions/receiveMessage/handlers.ts'
import type { MessageHandlers } from '../../functions/receiveMessage/messageHandlers.ts'
import { receiveMessageWith } from '../../functions/receiveMessage/receive.ts'
import type { HttpTarget } from '../../scripts/simulator/push/pushTarget.ts'
import type { Runtime } from '../../shared/function/runtime.ts'
import { serve } from '../../shared/platform/local/serve.ts'
import { createWorld, type World } from './world.ts'

/** A world whose WeChat pushes to `receiveMessage`, over HTTP and encrypted unless told otherwise. */
export type PushWorld = World & {
  readonly target: HttpTarget
  /** Sends a request of one's own to `receiveMessage`. */
  ask(
    query: Readonly<Record<string, string>> | string,
    body?: string,
  ): Promise<{ status: number; body: string }>
}

type PushWorldOptions = Parameters<typeof createWorld>[0] & {
  readonly handlers?: MessageHandlers<typeof uses>
  readonly push?: Pick<HttpTarget, 'mode' | 'format'>
  /** In place of the world's own runtime. */
  readonly runtimeOf?: (world: World) => Runtime
}

export const PUSH_TOKEN = 'canaryPushToken4711'
export const PUSH_KEY = randomBytes(40).toString('hex').slice(0, 43)

export async function createPushWorld({
  handlers = noHandlers,
  push = {},
  runtimeOf = ({ runtime }) => runtime,
  ...options
}: PushWorldOptions = {}): Promise<PushWorld> {
  const world = await createWorld({
    ...options,
    environment: {
      WECHAT_PUSH_TOKEN: PUSH_TOKEN,
      WECHAT_PUSH_AES_KEY: PUSH_KEY,
      WECHAT_PUSH_MODE: push.mode === 'plain' ? 'plain' : 'encrypted',
      ...options.environment,
    },
  })
  const server = serve([receiveMessageWith(handlers, uses)], () => runtimeOf(world))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => void server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/receiveMessage`
  const target = { url, token: PUSH_TOKEN, aesKey: PUSH_KEY, ...push }
  world.simulator.pushTo(target)

  // The runtime and the log are those of the moment.
  return Object.create(world, {
    target: { value: target },
    ask: {
      value: async (query: Readonly<Record<string, string>> | string, body?: string) => {
        const text = typeof query === 'string' ? query : new URLSearchParams(query).toString()
        const response = await fetch(`${url}?${text}`, body === undefined ? {} : { method: 'POST', body })
        return { status: response.status, body: await response.text() }
      },
    },
  }) as PushWorld
}

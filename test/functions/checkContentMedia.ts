import { createHash } from 'node:crypto'
import type { RequestListener } from 'node:http'
import checkContent from '../../functions/checkContent/index.ts'
import getContentResult from '../../functions/getContentResult/index.ts'
import type { Verdict } from '../../shared/core/verdict.ts'
import type { Origin } from '../../shared/function/caller.ts'
import type { Effects } from '../../shared/platform/createRuntime.ts'
import type { MediaRequest } from '../../shared/ports/mediaSource.ts'
import { keepPushedVerdict } from '../../shared/state/mediaJobs.ts'
import { startMediaHost } from '../platform/mediaHost.ts'
import { promptRandom } from '../support/promptRandom.ts'
import { createWorld } from '../support/world.ts'

export const SUBMIT = '/wxa/media_check_async'
export const PUBLIC_ADDRESS = '93.184.216.34'
export const FILE_ID = 'cloud://test-env.bucket/a.png'
export const FILE_URL = 'https://test-env.tcb.qcloud.la/a.png?sign=1'

export const MEDIA_INPUT = { type: 'image', scene: 1, mediaUrl: 'https://cdn.example.com/a.png' }
export const FILE_INPUT = { type: 'image', scene: 1, fileID: FILE_ID }

export const PASS: Verdict = { suggest: 'pass', label: 100, labelName: '正常' }
export const RISKY: Verdict = { suggest: 'risky', label: 20002, labelName: '色情' }

/** A deployment whose operator names the media host, so that media are fetched. */
export const NAMED_HOSTS = { MEDIA_HOSTS: 'cdn.example.com,*.myqcloud.com' }

export const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex')

type MediaWorldOptions = {
  readonly environment?: Readonly<Record<string, string>>
  readonly effects?: Partial<Effects>
  /** What the DNS has for every host. */
  readonly addresses?: readonly string[]
  /** What the media host answers; `the media` unless it says otherwise. */
  readonly answer?: RequestListener
}

/**
 * A world in which Alice has the mini program open, and every host is one on this machine that can be fetched
 * from. Whom we would have connected to is noted.
 */
export async function createMediaWorld({
  environment = {},
  effects = {},
  addresses = [PUBLIC_ADDRESS],
  answer = (_, response) => void response.end('the media'),
}: MediaWorldOptions = {}) {
  const host = await startMediaHost(answer)
  const resolved: string[] = []
  const fetched: MediaRequest[] = []
  const world = await createWorld({
    environment,
    effects: {
      random: promptRandom,
      mediaSource: {
        async addressesOf(name) {
          resolved.push(name)
          return addresses
        },
        fetch(request, read) {
          fetched.push(request)
          return host.source.fetch({ ...request, addresses: ['127.0.0.1'] }, read)
        },
      },
      ...effects,
    },
  })
  const phone = world.simulator.phone('alice')
  phone.login()
  const alice = world.wechatUser('alice')

  return {
    world,
    simulator: world.simulator,
    clock: world.clock,
    openid: phone.openid,
    alice,
    host,
    resolved,
    fetched,
    check: (input: object = MEDIA_INPUT, origin: Origin = alice, requestId?: string) =>
      world.call(checkContent, input, origin, requestId === undefined ? {} : { requestId }),
    ask: (traceId: unknown, origin: Origin = alice) => world.call(getContentResult, { traceId }, origin),
    /** WeChat's push, as whoever receives it writes it down. */
    push: (traceId: string | undefined, verdict: Verdict) =>
      keepPushedVerdict(
        { records: world.runtime.records(), clock: world.clock },
        { traceId: String(traceId), verdict, pushId: 'push-1' },
      ),
  }
}

/** CloudBase's storage, with one file in it. WeChat is reached over HTTPS all the same. */
export const CLOUD: NonNullable<Effects['cloud']> = {
  channel: {
    needsAccessToken: false,
    exchange: () => Promise.reject(new Error('there is a secret, so nobody makes cloud calls')),
  },
  files: { temporaryUrl: async () => FILE_URL, save: async () => FILE_ID },
}

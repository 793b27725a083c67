import type { Config } from '../core/config.ts'
import type { Clock } from '../ports/clock.ts'
import type { CloudFiles } from '../ports/cloudFiles.ts'
import type { Log } from '../ports/log.ts'
import type { MediaSource } from '../ports/mediaSource.ts'
import type { Random } from '../ports/random.ts'
import type { Records } from '../state/records.ts'
import type { AccessTokens } from '../wechat/accessToken.ts'
import type { Channel } from '../wechat/channel.ts'
import type { AnyEndpoint } from '../wechat/endpoint.ts'

/** What a process keeps between calls: its configuration, connections and caches. */
export type Runtime = {
  readonly config: Config
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Throws `CONFIG_ERROR` when no store is configured. */
  readonly records: () => Records
  readonly accessTokens: () => AccessTokens
  readonly channelFor: (endpoint: AnyEndpoint) => Channel
  readonly cloudFiles: CloudFiles
  readonly mediaSource: MediaSource
}

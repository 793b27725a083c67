import { Config, type Environment } from '../core/config.ts'
import { configProblem, invalidArgument } from '../core/problem.ts'
import type { Runtime } from '../function/runtime.ts'
import type { Clock } from '../ports/clock.ts'
import type { CloudFiles } from '../ports/cloudFiles.ts'
import type { Log } from '../ports/log.ts'
import type { MediaSource } from '../ports/mediaSource.ts'
import type { Random } from '../ports/random.ts'
import type { StateStore } from '../ports/stateStore.ts'
import type { Transport } from '../ports/transport.ts'
import { createRecords } from '../state/records.ts'
import { createAccessTokens } from '../wechat/accessToken.ts'
import type { Channel } from '../wechat/channel.ts'
import type { AnyEndpoint } from '../wechat/endpoint.ts'
import { fetchToken } from '../wechat/fetchToken.ts'
import { createHttpsChannel } from '../wechat/httpsChannel.ts'
import { createCloudBaseStore } from './cloudbase/database/store.ts'
import { createDynamoDbStore } from './dynamodb/store.ts'

/** The effects that a process brings. Tests bring their own. */
export type Effects = {
  readonly environment: Environment
  readonly clock: Clock
  readonly random: Random
  readonly transport: Transport
  readonly log: Log
  /** State that lives as long as the process. */
  readonly memoryStore: StateStore
  /** CloudBase's cloud call and storage, where there is one. */
  readonly cloud?: { readonly channel: Channel; readonly files: CloudFiles }
  /** Other people's hosts. Without it there are none: no name is resolved and nothing fetched. */
  readonly mediaSource?: MediaSource
}

/** Joins configuration, state and WeChat client into what calls share. */
export function createRuntime(effects: Effects): Runtime {
  const { environment, clock, random, transport, log } = effects
  const config = new Config(environment)
  const https = once(() => createHttpsChannel(transport, config.apiBaseUrl))
  const records = once(() => {
    const store = createStore(config, effects)
    return createRecords({ store, appId: config.appId, keys: config.stateKeys, clock, random })
  })
  const accessTokens = once(() =>
    createAccessTokens({
      fetch: async (deadlineAtMs) => fetchToken(config, https(), { clock, random, deadlineAtMs }),
      records,
      mode: config.tokenMode,
      clock,
      random,
    }),
  )
  return {
    config,
    clock,
    random,
    log,
    records,
    accessTokens,
    channelFor: (endpoint) => (usesCloudCall(config, endpoint, effects) ? effects.cloud.channel : https()),
    cloudFiles: effects.cloud?.files ?? noCloudFiles,
    mediaSource: effects.mediaSource ?? noMediaSource,
  }
}

/** Made at the first call that needs it, so that a variable is missed only where it is used. */
function once<T extends object>(make: () => T): () => T {
  let made: T | undefined
  return () => {
    made ??= make()
    return made
  }
}

function createStore(
  config: Config,
  { environment, clock, random, transport, memoryStore }: Effects,
): StateStore {
  switch (config.stateStore) {
    case 'memory':
      return memoryStore
    case 'dynamodb':
      return createDynamoDbStore({ table: config.stateTable, environment, clock, random, transport })
    case 'cloudbase':
      return createCloudBaseStore({ collection: config.stateTable, clock, random })
  }
}

type WithCloud = Effects & Required<Pick<Effects, 'cloud'>>

/** Without a secret CloudBase's cloud call is the only way; with one it has to be asked for. */
function usesCloudCall(config: Config, endpoint: AnyEndpoint, effects: Effects): effects is WithCloud {
  const transport = config.transport ?? (effects.cloud && !config.hasAppSecret ? 'cloudcall' : 'https')
  if (transport === 'https') return false
  if (!effects.cloud)
    throw configProblem('WECHAT_TRANSPORT', 'asks for cloud calls, which exist on CloudBase only')

  return endpoint.cloudCall !== undefined
}

const noCloudFiles: CloudFiles = {
  temporaryUrl: async () => {
    throw invalidArgument('fileID', 'names a file in CloudBase storage, which can be read on CloudBase only')
  },
  save: async () => {
    throw configProblem('Storage for files', 'is there on CloudBase only')
  },
}

const noMediaSource: MediaSource = {
  addressesOf: async () => [],
  fetch: async () => ({ fault: 'there is no media source' }),
}

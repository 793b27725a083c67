import { Config, type Environment } from '../shared/core/config.ts'
import { CLOUDBASE_VARIABLES } from '../shared/platform/cloudbase/cloudbaseVariables.ts'
import { AWS_VARIABLES } from '../shared/platform/dynamodb/awsSettings.ts'

export const PLATFORMS = ['cloudbase', 'aws'] as const

export type Platform = (typeof PLATFORMS)[number]

/** Each getter of the configuration, which throws what is wrong with its variable. */
const GETTERS = Object.entries(Object.getOwnPropertyDescriptors(Config.prototype))
  .filter(([, { get }]) => get)
  .map(([name]) => name as keyof Config)

/**
 * What is missing or malformed in the variables of a deployment, one line each. Both platforms' tools deploy
 * a variable that is not set as an empty one, without a word.
 */
export function deploymentFaults(platform: Platform, environment: Environment): readonly string[] {
  const missing = neededBy(platform, environment).filter((name) => !environment[name]?.trim())
  const config = new Config(environment)
  const malformed = GETTERS.flatMap((getter) => {
    try {
      void config[getter]
      return []
    } catch (error) {
      const line = error instanceof Error ? error.message : String(error)
      return line.endsWith('is missing.') ? [] : [line]
    }
  })
  return [...missing.map((name) => `${name} is missing.`), ...new Set(malformed)]
}

/** What almost every function needs there, and the store that is chosen. On AWS that is DynamoDB unless told otherwise. */
function neededBy(platform: Platform, { STATE_STORE, WECHAT_TRANSPORT }: Environment): readonly string[] {
  switch (platform) {
    case 'aws':
      return [
        'WECHAT_APP_ID',
        'WECHAT_APP_SECRET',
        ...(STATE_STORE === undefined ? [] : ['STATE_STORE']),
        'STATE_KEYS',
        ...(STATE_STORE === 'cloudbase' ? CLOUDBASE_VARIABLES : []),
      ]
    case 'cloudbase':
      return [
        'TCB_ENV_ID',
        'WECHAT_APP_ID',
        ...(WECHAT_TRANSPORT === 'cloudcall' ? [] : ['WECHAT_APP_SECRET']),
        'STATE_STORE',
        'STATE_KEYS',
        ...(STATE_STORE === 'dynamodb' ? AWS_VARIABLES : []),
      ]
  }
}

import { Config, type Environment } from '../shared/core/config.ts'

/** Needed by almost every function, and empty without a word when a deployment leaves them out. */
const NEEDED = ['TCB_ENV_ID', 'WECHAT_APP_ID', 'WECHAT_APP_SECRET', 'STATE_STORE', 'STATE_KEYS'] as const

/** Each getter of the configuration, which throws what is wrong with its variable. */
const GETTERS = Object.entries(Object.getOwnPropertyDescriptors(Config.prototype))
  .filter(([, { get }]) => get)
  .map(([name]) => name as keyof Config)

/** What is missing or malformed in the variables of a deployment to CloudBase, one line each. */
export function deploymentFaults(environment: Environment): readonly string[] {
  const isCloudCall = environment.WECHAT_TRANSPORT === 'cloudcall'
  const missing = NEEDED.filter((name) => !environment[name]?.trim()).filter(
    (name) => !(isCloudCall && name === 'WECHAT_APP_SECRET'),
  )
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

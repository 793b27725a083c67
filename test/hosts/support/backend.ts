import { randomBytes } from 'node:crypto'
import type { HttpTarget } from '../../../scripts/simulator/push/pushTarget.ts'
import { type Simulator, startSimulator } from '../../../scripts/simulator/simulator.ts'
import { startStateTable } from '../../../scripts/stateTable.ts'
import { APP_ID, APP_SECRET, SERVER_KEY, TEMPLATE_ID } from '../../support/world.ts'

/** What deployed functions reach over the network, and the variables that lead them there. */
export type Backend = {
  readonly simulator: Simulator
  readonly environment: Readonly<Record<string, string>>
  /** What the functions expect of a push, as it is entered in WeChat's console. */
  readonly pushSettings: Pick<HttpTarget, 'token' | 'aesKey'>
  close(): Promise<void>
}

/** A simulated WeChat and an empty DynamoDB table. */
export async function startBackend(): Promise<Backend> {
  const templates = [{ id: TEMPLATE_ID, title: 'Order shipped', keywords: ['thing1', 'date2', 'amount3'] }]
  const [simulator, stateTable] = await Promise.all([
    startSimulator({ appId: APP_ID, appSecret: APP_SECRET, templates }),
    startStateTable(),
  ])
  const pushSettings = {
    token: randomBytes(16).toString('hex'),
    aesKey: randomBytes(32).toString('base64').slice(0, 43),
  }
  return {
    simulator,
    pushSettings,
    environment: {
      ...stateTable.environment,
      WECHAT_APP_ID: APP_ID,
      WECHAT_APP_SECRET: APP_SECRET,
      WECHAT_API_BASE_URL: simulator.url,
      WECHAT_SUBSCRIBE_TEMPLATES: TEMPLATE_ID,
      STATE_KEYS: `k1:${randomBytes(32).toString('base64')}`,
      SERVER_KEY,
      WECHAT_PUSH_TOKEN: pushSettings.token,
      WECHAT_PUSH_AES_KEY: pushSettings.aesKey,
    },
    async close() {
      await Promise.all([simulator.close(), stateTable.close()])
    },
  }
}

import { randomBytes } from 'node:crypto'
import { type Simulator, startSimulator } from '../../../scripts/simulator/simulator.ts'
import { startStateTable } from '../../../scripts/stateTable.ts'
import { APP_ID, APP_SECRET, SERVER_KEY, TEMPLATE_ID } from '../../support/world.ts'

/** What deployed functions reach over the network, and the variables that lead them there. */
export type Backend = {
  readonly simulator: Simulator
  readonly environment: Readonly<Record<string, string>>
  close(): Promise<void>
}

/** A simulated WeChat and an empty DynamoDB table. */
export async function startBackend(): Promise<Backend> {
  const templates = [{ id: TEMPLATE_ID, title: 'Order shipped', keywords: ['thing1', 'date2', 'amount3'] }]
  const [simulator, stateTable] = await Promise.all([
    startSimulator({ appId: APP_ID, appSecret: APP_SECRET, templates }),
    startStateTable(),
  ])
  return {
    simulator,
    environment: {
      ...stateTable.environment,
      WECHAT_APP_ID: APP_ID,
      WECHAT_APP_SECRET: APP_SECRET,
      WECHAT_API_BASE_URL: simulator.url,
      WECHAT_SUBSCRIBE_TEMPLATES: TEMPLATE_ID,
      STATE_KEYS: `k1:${randomBytes(32).toString('base64')}`,
      SERVER_KEY,
    },
    async close() {
      await Promise.all([simulator.close(), stateTable.close()])
    },
  }
}

import type { Config } from '../core/config.ts'
import type { Channel } from './channel.ts'
import { getAccessToken } from './endpoints/getAccessToken.ts'
import { getStableAccessToken } from './endpoints/getStableAccessToken.ts'
import type { IssuedToken } from './endpoints/issuedToken.ts'
import { type Budget, exchangeWithRepeats } from './exchangeWithRepeats.ts'
import { judgeAnswer } from './judgeAnswer.ts'

/**
 * Fetches an access token from the endpoint that `WECHAT_TOKEN_MODE` names.
 *
 * @throws Problem `CONFIG_ERROR` for a wrong app id, secret or IP, and those of `exchangeWithRepeats`
 */
export async function fetchToken(config: Config, channel: Channel, budget: Budget): Promise<IssuedToken> {
  const endpoint = config.tokenMode === 'classic' ? getAccessToken : getStableAccessToken
  const exchange = { endpoint, request: endpoint.request({}, config) }

  return judgeAnswer(endpoint, await exchangeWithRepeats(channel, exchange, budget, () => undefined))
}

import { readLooseInteger } from '../../core/json.ts'
import { Problem } from '../../core/problem.ts'
import type { WechatJson } from '../endpoint.ts'
import { readText } from '../readAnswer.ts'

export type IssuedToken = { readonly token: string; readonly lifeSeconds: number }

const MAX_LIFE_SECONDS = 86_400

/** A token as both token endpoints answer it. @throws Problem `UPSTREAM_BAD_RESPONSE` */
export function readIssuedToken(json: WechatJson): IssuedToken {
  const token = readText(json, 'access_token')
  const lifeSeconds = readLooseInteger(json.expires_in)
  if (lifeSeconds === undefined || lifeSeconds < 1 || lifeSeconds > MAX_LIFE_SECONDS) {
    throw new Problem('UPSTREAM_BAD_RESPONSE', {
      detail: 'expires_in is not a number of seconds from 1 to 86,400',
    })
  }
  return { token, lifeSeconds }
}

import { readLooseInteger } from '../core/json.ts'
import { configProblem, Problem, type ProblemCode, type UpstreamTrace } from '../core/problem.ts'
import type { AnyEndpoint, Effect, WechatJson } from './endpoint.ts'

const WECHAT_BUSY: ReadonlySet<number> = new Set([-1, 1000, 61450, 61080])

/** Whatever befalls a cloud call on its way there or back, CloudBase's SDK tells as one of these. */
const CLOUDBASE_BUSY: ReadonlySet<number> = new Set([
  -501001, -501002, -601001, -601003, -601008, -604102, -604103,
])

/** WeChat or CloudBase is busy. What changes nothing may be tried again. */
export const isBusy = (errcode: number): boolean => WECHAT_BUSY.has(errcode) || CLOUDBASE_BUSY.has(errcode)

/**
 * Whether WeChat may have done what it says it failed at. A busy WeChat leaves a one-time code as it was;
 * of a busy CloudBase nobody knows how far the call came.
 */
export const isLost = (errcode: number, effect: Effect): effect is Exclude<Effect, 'read'> =>
  (effect === 'send' && WECHAT_BUSY.has(errcode)) || (effect !== 'read' && CLOUDBASE_BUSY.has(errcode))

const SECRET_FAULT = ['WECHAT_APP_SECRET', 'is not the secret of WECHAT_APP_ID'] as const

/** What the operator has to set right, by errcode: the variable or the WeChat setting, and what is wrong with it. */
const CONFIG_FAULTS: Readonly<Record<number, readonly [name: string, fault: string]>> = {
  40002: ['WECHAT_TOKEN_MODE', 'asks for a token in a way that WeChat refuses'],
  40013: ['WECHAT_APP_ID', 'is not an app id that WeChat knows, or not the one that issued this code'],
  40125: SECRET_FAULT,
  40164: ["WeChat's IP whitelist", 'does not have the address of this deployment'],
  61004: ["WeChat's IP whitelist", 'does not have the address of this deployment'],
  40166: ['WECHAT_APP_ID', 'is not an app id that WeChat knows'],
  40243: ['WECHAT_APP_SECRET', 'is frozen in the WeChat console'],
  48001: ["WeChat's permission for this API", 'is not granted to this mini program'],
  48004: ["WeChat's permission for this API", 'is suspended'],
  50002: ['The WeChat account', 'is limited'],
  50004: ["WeChat's permission to fetch tokens", 'is suspended'],
  50007: ['The WeChat account', 'is frozen'],
  61007: ["WeChat's permission for this API", 'is not granted to this mini program'],
  85088: ["WeChat's permission for this API", 'is not granted to this mini program'],
  89501: ["WeChat's IP whitelist", 'waits for the administrator to confirm this address'],
  89503: ["WeChat's IP whitelist", 'waits for the administrator to confirm this address'],
  89506: ["WeChat's IP whitelist", 'does not have this address: the administrator refused it'],
  89507: ["WeChat's IP whitelist", 'does not have this address: the administrator refused it'],
  [-604100]: ['The cloud call', 'does not exist'],
  [-604101]: ['permissions.openapi', 'lacks this API: upload the function with the WeChat developer tools'],
  [-604104]: [
    'WECHAT_TRANSPORT',
    'asks for cloud calls, which WeChat allows only in calls from a mini program or a timer',
  ],
}

const MINUTE_MS = 60_000

/** How long to wait, by errcode, for what passes by itself. */
const RETRY_AFTER_MS: Readonly<Record<number, number>> = {
  43108: 1000,
  44991: MINUTE_MS,
  45009: MINUTE_MS,
  45011: MINUTE_MS,
  87020: MINUTE_MS,
}

/** What an errcode means wherever it comes from. An endpoint's own table goes first. */
const COMMON: Readonly<Record<number, ProblemCode>> = {
  [-501003]: 'RATE_LIMITED',
  [-501004]: 'RATE_LIMITED',
  40003: 'INVALID_ARGUMENT',
  40129: 'SCENE_INVALID',
  40169: 'SCENE_INVALID',
  40226: 'RISK_BLOCKED',
  41030: 'PAGE_INVALID',
  43101: 'USER_REFUSED',
  43108: 'RATE_LIMITED',
  44991: 'RATE_LIMITED',
  45009: 'RATE_LIMITED',
  45011: 'RATE_LIMITED',
  45029: 'QUOTA_EXCEEDED',
  47003: 'TEMPLATE_DATA_INVALID',
  61010: 'USER_NOT_RECENT',
  87020: 'RATE_LIMITED',
}

const commonCode = (errcode: number): ProblemCode =>
  isBusy(errcode) ? 'UPSTREAM_UNAVAILABLE' : (COMMON[errcode] ?? 'UPSTREAM_REJECTED')

/** The errcode of an answer: 0 when there is none, `undefined` when what is there is not a number. */
export const errcodeOf = (json: WechatJson): number | undefined => {
  const raw = 'errcode' in json ? json.errcode : 'errCode' in json ? json.errCode : 0
  const errcode = readLooseInteger(raw)
  // Some APIs print a negative number as an unsigned 32-bit one.
  return errcode !== undefined && errcode > 0x7fff_ffff && errcode <= 0xffff_ffff
    ? errcode - 2 ** 32
    : errcode
}

/** The errcode with the request id that WeChat puts at the end of every `errmsg`. */
export function traceOf(errcode: number, json: WechatJson): UpstreamTrace {
  const errmsg = json.errmsg ?? json.errMsg
  const [, rid] = (typeof errmsg === 'string' && /rid:\s*([0-9a-f-]{1,64})/i.exec(errmsg)) || []

  return rid ? { errcode, rid } : { errcode }
}

/** The problem that an errcode other than 0 stands for, at this endpoint. */
export function toProblem(endpoint: AnyEndpoint, errcode: number, json: WechatJson): Problem {
  const upstream = traceOf(errcode, json)
  const config = CONFIG_FAULTS[errcode]
  const code = endpoint.problems?.[errcode] ?? (config ? 'CONFIG_ERROR' : commonCode(errcode))
  if (code === 'CONFIG_ERROR') return configProblem(...(config ?? SECRET_FAULT), upstream)

  const field = fieldOf(code, errcode, endpoint, json)
  const retryAfterMs = RETRY_AFTER_MS[errcode]
  return new Problem(code, { upstream, ...(field && { field }), ...(retryAfterMs && { retryAfterMs }) })
}

function fieldOf(
  code: ProblemCode,
  errcode: number,
  endpoint: AnyEndpoint,
  json: WechatJson,
): string | undefined {
  if (errcode === 40003) return endpoint.openidField ?? 'openid'
  if (code === 'SCENE_INVALID') return 'scene'
  if (code === 'PAGE_INVALID') return endpoint.pageField ?? 'page'
  if (code !== 'TEMPLATE_DATA_INVALID') return undefined

  const [, key] = /data\.(\w{1,64})\.value/.exec(String(json.errmsg ?? json.errMsg)) ?? []
  return key ? `data.${key}` : 'data'
}

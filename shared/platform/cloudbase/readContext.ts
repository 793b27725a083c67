import type { Origin } from '../../function/caller.ts'

/** What CloudBase passes beside the event. Only these fields are looked at. */
export type CloudBaseContext = {
  readonly request_id?: unknown
  /** This invocation's environment as JSON (newer runtimes). */
  readonly environment?: unknown
  /** The same as `K=V;K=V` (older runtimes). */
  readonly environ?: unknown
  readonly time_limit_in_ms?: unknown
  /** The request that CloudBase Run's framework made an event of. */
  readonly httpContext?: unknown
}

type Attested = Readonly<Record<string, string>>

/** The variables that say who is calling. */
const IDENTITY = [
  'TCB_SOURCE',
  'TRIGGER_SRC',
  'WX_OPENID',
  'WX_APPID',
  'WX_UNIONID',
  'WX_FROM_APPID',
  'FROM_APPID',
  'WX_OPEN_DATA_INFO',
] as const
const CLIENT_SOURCES: ReadonlySet<string | undefined> = new Set(['wx_client', 'wx_devtools'])

/**
 * Reads who is calling from the context of this very invocation.
 *
 * Never from `process.env`, where an instance may still hold the caller before, and never from the event,
 * which the client writes. A context that is missing, unreadable or at odds with itself is no identity.
 */
export function readOrigin(context: CloudBaseContext): Origin {
  const attested = readAttested(context)
  const fromAppId = attested.WX_FROM_APPID || attested.FROM_APPID
  const apps = {
    ...(attested.WX_APPID && { appId: attested.WX_APPID }),
    ...(fromAppId && { fromAppId }),
  }
  const chain = (attested.TCB_SOURCE ?? '').split(',')
  if (chain.at(-1) === 'scf') return { kind: 'server', ...apps }

  const openid = attested.WX_OPENID
  if (CLIENT_SOURCES.has(chain[0])) {
    if (!openid || !attested.WX_APPID) return { kind: 'nobody', ...apps }
    const vouchedFields = readVouchedFields(attested.WX_OPEN_DATA_INFO)
    return {
      kind: 'wechatUser',
      openid,
      ...(attested.WX_UNIONID && { unionid: attested.WX_UNIONID }),
      vouchedFields,
      ...apps,
    }
  }
  const isTimer = attested.TCB_SOURCE === 'wx_trigger' || attested.TRIGGER_SRC === 'timer'
  return isTimer && !openid ? { kind: 'timer', ...apps } : { kind: 'nobody', ...apps }
}

/** Whether the call came through `wx.cloud.callFunction`, with an identity or without. */
export const isClientCall = (context: CloudBaseContext): boolean =>
  CLIENT_SOURCES.has((readAttested(context).TCB_SOURCE ?? '').split(',')[0])

/** The sources that strangers can write to. */
const OPEN_SOURCES = /wx_client|wx_devtools|wx_http/
const SAYS_NOTHING: ReadonlySet<string> = new Set(['', '{}', 'null'])
/** Set for users of CloudBase's own SDKs, who need no WeChat. */
const CLOUDBASE_USER = ['TCB_UUID', 'TCB_CUSTOM_USER_ID', 'TCB_ISANONYMOUS_USER', 'LOGINTYPE']

/**
 * Whether anything in the context speaks of somebody outside who may have written the event: a client, or
 * whoever can reach a URL. One that is unreadable or at odds with itself may speak of anybody. Where nobody
 * proves who they are this alone keeps strangers out.
 */
export function isOpenToStrangers(context: CloudBaseContext): boolean {
  if (context.httpContext !== undefined) return true

  const texts = [context.environment, context.environ].map((part) =>
    typeof part === 'string' ? part.trim() : (JSON.stringify(part) ?? ''),
  )
  const attested = readAttested(context)
  const isUnreadable = texts.some((text) => !SAYS_NOTHING.has(text)) && Object.keys(attested).length === 0
  return (
    isUnreadable ||
    texts.some((text) => OPEN_SOURCES.test(text)) ||
    CLOUDBASE_USER.some((name) => attested[name])
  )
}

function readAttested({ environment, environ }: CloudBaseContext): Attested {
  const newer = parseEnvironment(environment)
  const older = parseEnviron(environ)
  if (!newer || !older) return newer ?? older ?? {}

  const isContradictory = IDENTITY.some((name) => (newer[name] ?? '') !== (older[name] ?? ''))
  return isContradictory ? {} : newer
}

function parseEnvironment(environment: unknown): Attested | undefined {
  if (environment === undefined || environment === null || environment === '') return undefined
  if (typeof environment !== 'string') return onlyTexts(environment)
  try {
    return onlyTexts(JSON.parse(environment))
  } catch {
    return {}
  }
}

function onlyTexts(value: unknown): Attested {
  if (typeof value !== 'object' || value === null) return {}

  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}

function parseEnviron(environ: unknown): Attested | undefined {
  if (typeof environ !== 'string' || environ === '') return undefined

  const entries = environ.split(';').map((pair) => {
    const at = pair.indexOf('=')
    return [pair.slice(0, Math.max(at, 0)).trim(), at < 0 ? '' : pair.slice(at + 1)] as const
  })
  const names = entries.map(([name]) => name).filter((name) => name !== '')
  // A name that stands twice could be read either way.
  return new Set(names).size === names.length
    ? Object.fromEntries(entries.filter(([name]) => name !== ''))
    : {}
}

/** The event fields that WeChat's own back end filled in this call: `{"keys":["weRunData"]}`. */
function readVouchedFields(info: string | undefined): ReadonlySet<string> {
  try {
    const { keys } = JSON.parse(info || '{}') as { keys?: unknown }
    return new Set(Array.isArray(keys) ? keys.filter((key) => typeof key === 'string') : [])
  } catch {
    return new Set()
  }
}

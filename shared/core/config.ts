import { LOG_LEVELS, type LogLevel } from '../ports/log.ts'
import { configProblem } from './problem.ts'
import { KeyRing } from './seal.ts'
import { Secret } from './secret.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Every variable the deployment may set. Names alone: values are read at the first call that needs them. */
export const VARIABLES = [
  'WECHAT_APP_ID',
  'WECHAT_APP_SECRET',
  'WECHAT_API_BASE_URL',
  'WECHAT_TRANSPORT',
  'WECHAT_TOKEN_MODE',
  'WECHAT_PUSH_TOKEN',
  'WECHAT_PUSH_AES_KEY',
  'WECHAT_PUSH_MODE',
  'WECHAT_SUBSCRIBE_TEMPLATES',
  'WECHAT_LONG_TERM_TEMPLATES',
  'STATE_STORE',
  'STATE_TABLE',
  'STATE_KEYS',
  'SERVER_KEY',
  'SESSION_TTL_SECONDS',
  'SESSION_IDLE_SECONDS',
  'OPEN_DATA_MAX_AGE_SECONDS',
  'OPEN_DATA_ONE_TIME',
  'SOTER_CHALLENGE_TTL_SECONDS',
  'SUBSCRIBE_LEDGER',
  'USER_SENDS_PER_DAY',
  'USER_TEMPLATE_SENDS_PER_DAY',
  'TEMPLATE_SENDS_PER_DAY',
  'USER_CODES_PER_DAY',
  'LIMITED_CODE_STOCK',
  'MEDIA_HOSTS',
  'LOG_LEVEL',
] as const

export type Variable = (typeof VARIABLES)[number]

const MIN_SERVER_KEY_LENGTH = 32

/**
 * The deployment's variables, parsed one by one when they are first asked for.
 *
 * So a function is not stopped by a variable that it does not use. Every getter throws `CONFIG_ERROR`
 * naming the variable (never its value) when it is missing or malformed.
 */
export class Config {
  readonly #environment: Environment
  readonly #parsed = new Map<Variable, unknown>()

  constructor(environment: Environment) {
    this.#environment = environment
  }

  get appId(): string {
    return this.#required('WECHAT_APP_ID', (text) => (/^[A-Za-z0-9_-]{1,64}$/.test(text) ? text : undefined))
  }

  get appSecret(): Secret {
    return this.#required('WECHAT_APP_SECRET', (text) => (/\s/.test(text) ? undefined : new Secret(text)))
  }

  get hasAppSecret(): boolean {
    return this.#text('WECHAT_APP_SECRET') !== undefined
  }

  /** Without a trailing slash. */
  get apiBaseUrl(): string {
    return this.#optional('WECHAT_API_BASE_URL', 'https://api.weixin.qq.com', parseBaseUrl)
  }

  get transport(): 'https' | 'cloudcall' | undefined {
    return this.#optional('WECHAT_TRANSPORT', undefined, oneOf('https', 'cloudcall'))
  }

  get tokenMode(): 'stable' | 'classic' {
    return this.#optional('WECHAT_TOKEN_MODE', 'stable', oneOf('stable', 'classic'))
  }

  /** The token that WeChat signs its pushes with. */
  get pushToken(): Secret {
    return this.#required('WECHAT_PUSH_TOKEN', (text) =>
      /^[\x21-\x7e]{3,64}$/.test(text) ? new Secret(text) : undefined,
    )
  }

  /** The EncodingAESKeys of message push as the console shows them: the current one, then those before it. */
  get pushKeys(): readonly Secret[] {
    return this.#required('WECHAT_PUSH_AES_KEY', (text) => {
      const keys = parseList(text)
      const areKeys = keys.length > 0 && keys.every((key) => /^[A-Za-z0-9+/]{43}$/.test(key))
      return areKeys ? keys.map((key) => new Secret(key)) : undefined
    })
  }

  /** Whether pushes are encrypted. Unencrypted ones prove nothing about what they say. */
  get pushMode(): 'encrypted' | 'plain' {
    return this.#optional('WECHAT_PUSH_MODE', 'encrypted', oneOf('encrypted', 'plain'))
  }

  /** The template ids that a user may have sent to themselves. */
  get subscribeTemplates(): readonly string[] {
    return this.#optional('WECHAT_SUBSCRIBE_TEMPLATES', [], listOf(/^[A-Za-z0-9_-]+$/))
  }

  /** The template ids to which a user agrees once for any number of messages. */
  get longTermTemplates(): readonly string[] {
    return this.#optional('WECHAT_LONG_TERM_TEMPLATES', [], listOf(/^[A-Za-z0-9_-]+$/))
  }

  get stateStore(): 'memory' | 'dynamodb' | 'cloudbase' {
    return this.#required('STATE_STORE', oneOf('memory', 'dynamodb', 'cloudbase'))
  }

  get stateTable(): string {
    return this.#optional('STATE_TABLE', 'weapp_functions', (text) =>
      /^[A-Za-z0-9_.-]{3,255}$/.test(text) ? text : undefined,
    )
  }

  get stateKeys(): KeyRing {
    return this.#required('STATE_KEYS', parseKeyRing)
  }

  /** `undefined` when calls by `server` over HTTP are switched off. */
  get serverKey(): Secret | undefined {
    return this.#optional('SERVER_KEY', undefined, (text) =>
      text.length >= MIN_SERVER_KEY_LENGTH ? new Secret(text) : undefined,
    )
  }

  get sessionTtlSeconds(): number {
    return this.#optional('SESSION_TTL_SECONDS', 604_800, parsePositiveInteger)
  }

  /** After how long without use a token is no longer good. */
  get sessionIdleSeconds(): number {
    return this.#optional('SESSION_IDLE_SECONDS', 259_200, parsePositiveInteger)
  }

  get openDataMaxAgeSeconds(): number {
    return this.#optional('OPEN_DATA_MAX_AGE_SECONDS', 300, parsePositiveInteger)
  }

  /** Whether encrypted data is accepted once and not again. */
  get isOpenDataOneTime(): boolean {
    return this.#optional('OPEN_DATA_ONE_TIME', 'false', oneOf('true', 'false')) === 'true'
  }

  get soterChallengeTtlSeconds(): number {
    return this.#optional('SOTER_CHALLENGE_TTL_SECONDS', 120, parsePositiveInteger)
  }

  get subscribeLedger(): 'advise' | 'enforce' {
    return this.#optional('SUBSCRIBE_LEDGER', 'advise', oneOf('advise', 'enforce'))
  }

  /** How many messages a user may have sent to themselves in a day. */
  get userSendsPerDay(): number {
    return this.#optional('USER_SENDS_PER_DAY', 1000, parsePositiveInteger)
  }

  /** How many of them from one template. */
  get userTemplateSendsPerDay(): number {
    return this.#optional('USER_TEMPLATE_SENDS_PER_DAY', 500, parsePositiveInteger)
  }

  /** How many messages may go out from one template in a day, whoever sends them; `undefined` for no limit. */
  get templateSendsPerDay(): number | undefined {
    return this.#optional('TEMPLATE_SENDS_PER_DAY', undefined, parsePositiveInteger)
  }

  /** How many codes may be made for a user in a day. */
  get userCodesPerDay(): number {
    return this.#optional('USER_CODES_PER_DAY', 2000, parsePositiveInteger)
  }

  /** How many limited and classic codes this deployment may ever make; 0 for none. */
  get limitedCodeStock(): number {
    return this.#optional('LIMITED_CODE_STOCK', 100_000, parseCount)
  }

  /** Host names (`cdn.example.com`, `*.example.com`) that media may come from; empty allows every public host. */
  get mediaHosts(): readonly string[] {
    return this.#optional('MEDIA_HOSTS', [], listOf(/^(\*\.)?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$/))
  }

  get logLevel(): LogLevel {
    return this.#optional('LOG_LEVEL', 'info', oneOf(...LOG_LEVELS))
  }

  #text(name: Variable): string | undefined {
    return this.#environment[name]?.trim() || undefined
  }

  #required<T>(name: Variable, parse: (text: string) => T | undefined): T {
    const value = this.#optional<T | undefined>(name, undefined, parse)
    if (value === undefined) throw configProblem(name, 'is missing')

    return value
  }

  #optional<T>(name: Variable, fallback: T, parse: (text: string) => T | undefined): T {
    if (this.#parsed.has(name)) return this.#parsed.get(name) as T

    const text = this.#text(name)
    const value = text === undefined ? fallback : parse(text)
    if (text !== undefined && value === undefined) throw configProblem(name, 'is malformed')

    this.#parsed.set(name, value)
    return value as T
  }
}

const oneOf =
  <const T extends string>(...allowed: readonly T[]) =>
  (text: string): T | undefined =>
    allowed.find((candidate) => candidate === text)

const parseList = (text: string): readonly string[] =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')

/** A comma list of which every item looks so. */
const listOf =
  (pattern: RegExp) =>
  (text: string): readonly string[] | undefined => {
    const items = parseList(text)
    return items.length > 0 && items.every((item) => pattern.test(item)) ? items : undefined
  }

const parseCount = (text: string): number | undefined => (/^\d{1,10}$/.test(text) ? Number(text) : undefined)

/** Zero is malformed: one would mean "none" by it, another "no limit". */
const parsePositiveInteger = (text: string): number | undefined => parseCount(text) || undefined

function parseBaseUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined

  const { protocol, username, password, search, hash } = new URL(text)
  const isPlain =
    (protocol === 'https:' || protocol === 'http:') && !username && !password && !search && !hash
  return isPlain ? text.replace(/\/+$/, '') : undefined
}

/** `k2:<base64 of 32 bytes>,k1:<base64>`: the first key seals, all of them open. */
function parseKeyRing(text: string): KeyRing | undefined {
  const keys = parseList(text).map((item) => {
    const [, id, material] = /^([A-Za-z0-9_-]{1,32}):([A-Za-z0-9+/]{43}=)$/.exec(item) ?? []
    return id && material ? { id, material: new Secret(material) } : undefined
  })
  const [first, ...rest] = keys.filter((key) => key !== undefined)
  const ids = new Set(keys.map((key) => key?.id))

  return first && rest.length === keys.length - 1 && ids.size === keys.length
    ? new KeyRing([first, ...rest])
    : undefined
}

import { configProblem } from '../../core/problem.ts'
import { requireCredentials } from './requireCredentials.ts'

/** What we use of @cloudbase/node-sdk: its document database, and little of that. */
export type NodeSdk = { database(): Database }

export type Database = {
  readonly command: {
    and(...operands: readonly Condition[]): Condition
    gt(value: number): Condition
    gte(value: number): Condition
    in(values: readonly string[]): Condition
    lte(value: number): Condition
  }
  collection(name: string): Collection
}

type Condition = object

type Collection = {
  add(document: object): Promise<object>
  where(query: object): Query
}

type Query = {
  field(projection: Readonly<Record<string, true>>): Query
  limit(count: number): Query
  options(options: { readonly multiple: false }): Query
  get(): Promise<{ readonly data: readonly unknown[] }>
  update(fields: object): Promise<{ readonly updated: number }>
  remove(): Promise<{ readonly deleted: number }>
}

type InitOptions = { readonly env: string; readonly keepalive: false; readonly serviceUrl?: string }

let loading: Promise<NodeSdk> | undefined

/**
 * The SDK for the environment that this process belongs to, loaded at the first call that needs it: that
 * costs 100 ms and more.
 *
 * It is given no credentials, because then it reads them from the environment for every request; CloudBase
 * changes them with every call. Its own timeout is 15 s and it repeats nothing: both are up to the caller.
 *
 * @throws Problem `CONFIG_ERROR` where `TCB_ENV` or the credentials are missing
 */
export async function loadNodeSdk(): Promise<NodeSdk> {
  requireCredentials()
  const env = readEnvironmentId()
  loading ??= load(env).catch((thrown: unknown) => {
    loading = undefined
    throw thrown
  })
  return loading
}

async function load(env: string): Promise<NodeSdk> {
  const { default: sdk } = await import('@cloudbase/node-sdk')
  silenceSlowWarnings()
  const { init } = sdk as unknown as { init(options: InitOptions): NodeSdk }
  // Node keeps connections open by itself. The SDK's own agent stops for good at a hundred that hang.
  return init({ env, keepalive: false, ...reachFromOutside(env) })
}

function readEnvironmentId(): string {
  const env = process.env.TCB_ENV || process.env.SCF_NAMESPACE
  if (!env) throw configProblem('TCB_ENV', 'is missing')
  if (!/^[a-z0-9_-]{1,40}$/.test(env)) throw configProblem('TCB_ENV', 'is malformed')

  return env
}

/**
 * Outside Tencent's cloud the SDK asks for Tencent's metadata service twice with every request, to learn
 * whether it is inside: 60 ms. Only `TENCENTCLOUD` spares it that, and makes it take the internal address;
 * so the public one is named with it. On CloudBase, and where the deployment has set `TENCENTCLOUD` itself,
 * nothing is changed.
 */
function reachFromOutside(env: string): Pick<InitOptions, 'serviceUrl'> {
  const { CBR_ENV_ID, SUMERU_ENV, TCB_CONTEXT_CNFG, TENCENTCLOUD, TENCENTCLOUD_REGION, TENCENTCLOUD_RUNENV } =
    process.env
  if (TENCENTCLOUD_RUNENV === 'SCF' || CBR_ENV_ID || SUMERU_ENV || TENCENTCLOUD) return {}

  process.env.TENCENTCLOUD = 'true'
  if (TCB_CONTEXT_CNFG) return {}

  const region = TENCENTCLOUD_REGION ? `${TENCENTCLOUD_REGION}.` : ''
  return { serviceUrl: `https://${env}.${region}tcb-api.tencentcloudapi.com/admin` }
}

/** After a failed request the SDK would wait for three seconds, to complain to the console that it is slow. */
function silenceSlowWarnings(): void {
  process.env.SILENCE ??= 'true'
}

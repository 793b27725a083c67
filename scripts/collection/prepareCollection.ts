import { type CloudApi, CloudApiError } from './cloudApi.ts'

/** Where the collection is, and its name. */
export type Place = { readonly environmentId: string; readonly collection: string }

type Options = Place & {
  /** Between two tries. */
  readonly pauseMs?: number
}

/** Only the server reads and writes. Functions are the server; mini programs and web pages are not. */
const CLOSED = 'ADMINONLY'
/** The field by which records that are over are found. */
const INDEXED_FIELD = 'expiresAtMs'
const MAX_TRIES = 10

/**
 * Makes the collection for the state ready: it is there, closed to every client, and has the index by which
 * the sweep finds what is over. What is right already is left alone. What stands there after is read back.
 *
 * The calls are documented, and were tried against a server of our own alone. Undocumented are which error
 * tells that a collection is missing, so any refusal to describe it leads to the attempt to create it, whose
 * own refusal counts; and how soon a new collection takes an index, so what follows is tried for a while.
 *
 * @returns what was found and done, in lines
 * @throws CloudApiError where Tencent Cloud refuses, or something else stands there after
 * @see https://cloud.tencent.com/document/api/876/127968 CreateTable
 * @see https://cloud.tencent.com/document/api/876/127964 UpdateTable
 * @see https://cloud.tencent.com/document/api/876/127966 DescribeTable
 * @see https://cloud.tencent.com/document/api/876/34819 ModifyDatabaseACL
 * @see https://cloud.tencent.com/document/api/876/34821 DescribeDatabaseACL
 */
export async function prepareCollection(api: CloudApi, options: Options): Promise<readonly string[]> {
  const { environmentId, collection, pauseMs = 500 } = options
  const table = { EnvId: environmentId, TableName: collection }
  const rule = { EnvId: environmentId, CollectionName: collection }

  const readRule = async () => (await api('DescribeDatabaseACL', rule)).AclTag
  const hasIndex = async () => indexesOf(await api('DescribeTable', table)).some(({ Keys }) => isOurs(Keys))
  const patiently = <T>(work: () => Promise<T>) => tryFor(MAX_TRIES, pauseMs, work)

  const isThere = await exists(api, table)
  if (!isThere)
    await api('CreateTable', { ...table, PermissionInfo: { EnvId: environmentId, AclTag: CLOSED } })

  const before = await patiently(readRule)
  if (before !== CLOSED) await patiently(() => api('ModifyDatabaseACL', { ...rule, AclTag: CLOSED }))

  const wasIndexed = await patiently(hasIndex)
  await patiently(async () => {
    if (!(await hasIndex())) await api('UpdateTable', { ...table, CreateIndexes: [INDEX] })
  })

  await patiently(async () => {
    const after = await readRule()
    if (after !== CLOSED) throw new CloudApiError(`the rule that stands there is ${after}, not ${CLOSED}`)
    if (!(await hasIndex())) throw new CloudApiError(`there is no index on ${INDEXED_FIELD} yet`)
  })
  return [
    `the collection ${collection}: ${isThere ? 'was there' : 'created'}`,
    `closed to all clients (${CLOSED}): ${before === CLOSED ? 'yes' : `done, the rule was ${before}`}`,
    `the index on ${INDEXED_FIELD}: ${wasIndexed ? 'was there' : 'created'}`,
    'read back: all is as it should be',
  ]
}

const INDEX = {
  IndexName: INDEXED_FIELD,
  MgoKeySchema: { MgoIsUnique: false, MgoIndexKeys: [{ Name: INDEXED_FIELD, Direction: '1' }] },
}

/** Every collection has at least the index on `_id`. */
const exists = (api: CloudApi, table: object): Promise<boolean> =>
  api('DescribeTable', table).then(
    (description) => indexesOf(description).length > 0,
    (thrown: unknown) => {
      if (thrown instanceof CloudApiError) return false
      throw thrown
    },
  )

type Index = { readonly Keys?: readonly { readonly Name?: unknown }[] }

const indexesOf = ({ Indexes }: Readonly<Record<string, unknown>>): readonly Index[] =>
  Array.isArray(Indexes) ? Indexes : []

/** One that begins with the field finds by it, whatever else it holds. */
const isOurs = (keys: Index['Keys']): boolean => keys?.[0]?.Name === INDEXED_FIELD

async function tryFor<T>(tries: number, pauseMs: number, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    if (tries === 1 || !(thrown instanceof CloudApiError)) throw thrown
  }
  await new Promise((resolve) => setTimeout(resolve, pauseMs))
  return tryFor(tries - 1, pauseMs, work)
}

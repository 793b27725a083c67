/** What becomes of a request besides being carried out and answered. */
export type DatabaseFault =
  | 'hang'
  | 'resetBefore'
  | 'resetAfter'
  /** The connection breaks, and the request is carried out when `deliverLate` says so. */
  | 'late'
  | ((
      | { readonly code: string; readonly message?: string }
      | { readonly status: number }
      | { readonly text: string }
    ) & { readonly isCarriedOut?: true })

export type DatabaseAnswer =
  | { readonly data: object }
  | { readonly code: string; readonly message: string }
  | { readonly status: number }
  | { readonly text: string }
  | 'hang'
  | 'reset'

type Value = string | number
export type FakeDocument = Record<string, Value>
type Collection = Map<string, FakeDocument>

/** The parameters of a request that mean something here; the others go with every request. */
type Parameters = {
  readonly collectionName?: string
  readonly data?: string | readonly string[]
  readonly limit?: number
  readonly merge?: boolean
  readonly multi?: boolean
  readonly projection?: string
  readonly query?: string
  readonly queryType?: string
  readonly upsert?: boolean
}

/** CloudBase's document database as both SDKs speak to it: part of `startFakeCloudBase`. */
export type FakeDatabase = {
  /** One for each request to come, in order; those after them are carried out and answered. */
  readonly faults: (DatabaseFault | undefined)[]
  /** While set, no request gets through. */
  isDown: boolean
  /** The actions that came in so far (`database.insertDocument`). */
  readonly operations: readonly string[]
  documents(collection: string): FakeDocument[]
  deliverLate(): void
  answer(action: string, parameters: object): DatabaseAnswer
}

class Refusal extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/**
 * Carries out what our store asks for, as MongoDB does, and refuses every operator and option besides.
 * Requests are carried out one at a time.
 */
export function createFakeDatabase(...collectionNames: string[]): FakeDatabase {
  const collections = new Map<string, Collection>(collectionNames.map((name) => [name, new Map()]))
  const faults: (DatabaseFault | undefined)[] = []
  const operations: string[] = []
  const late: (() => unknown)[] = []

  function carryOut(action: string, parameters: Parameters): DatabaseAnswer {
    try {
      const act = ACTIONS[action]
      if (!act) throw new Refusal('INVALID_ACTION', action)
      requireKnown(parameters)
      const collection = collections.get(String(parameters.collectionName))
      if (!collection) throw new Refusal('DATABASE_COLLECTION_NOT_EXIST', 'Db or Table not exist.')

      return { data: act(collection, parameters) }
    } catch (thrown) {
      if (thrown instanceof Refusal) return { code: thrown.code, message: thrown.message }
      throw thrown
    }
  }

  function answerFaultily(fault: DatabaseFault, carryOutNow: () => DatabaseAnswer): DatabaseAnswer {
    if (fault === 'hang') return fault
    if (fault === 'late') late.push(carryOutNow)
    if (fault === 'resetAfter' || (typeof fault === 'object' && fault.isCarriedOut)) carryOutNow()
    if (typeof fault === 'string') return 'reset'

    return 'code' in fault ? { message: 'holds data', ...fault } : fault
  }

  const database: FakeDatabase = {
    faults,
    operations,
    isDown: false,
    documents: (name) => [...(collections.get(name)?.values() ?? [])],
    deliverLate() {
      for (const carryOutNow of late.splice(0)) carryOutNow()
    },
    answer(action, parameters) {
      operations.push(action)
      const fault = database.isDown ? 'resetBefore' : faults.shift()
      const carryOutNow = () => carryOut(action, parameters)
      return fault ? answerFaultily(fault, carryOutNow) : carryOutNow()
    },
  }
  return database
}

const ACTIONS: Readonly<Record<string, (collection: Collection, parameters: Parameters) => object>> = {
  'database.insertDocument'(collection, { data }) {
    const insertedIds = (data as readonly string[]).map((text) => {
      const document = parseEjson(text) as FakeDocument
      const id = String(document._id)
      if (collection.has(id)) throw new Refusal('DATABASE_REQUEST_FAILED', duplicateKey(id))

      collection.set(id, document)
      return id
    })
    return { insertedIds }
  },

  'database.getDocument'(collection, { query, projection, limit = 100 }) {
    const fields = projection === undefined ? undefined : Object.keys(parseEjson(projection) as object)
    const list = find(collection, query)
      .slice(0, limit)
      .map((document) => stringifyEjson(fields ? pick(document, fields) : document))
    return { list }
  },

  'database.modifyDocument'(collection, { query, data, multi, merge, upsert }) {
    if (multi || upsert || !merge) throw new Refusal('INVALID_PARAM', 'a change of more than one document')
    const { $set: fields, ...others } = parseEjson(String(data)) as { $set: FakeDocument }
    requireNothing(others)

    const changed = find(collection, query)
      .slice(0, 1)
      .filter((document) => Object.entries(fields).some(([name, value]) => document[name] !== value))
    for (const document of changed) Object.assign(document, fields)
    return { updated: changed.length, upsert_id: null }
  },

  'database.removeDocument'(collection, { query }) {
    const removed = find(collection, query)
    for (const { _id } of removed) collection.delete(String(_id))
    return { deleted: removed.length }
  },
}

const OPERATORS: Readonly<Record<string, (value: Value | undefined, operand: never) => boolean>> = {
  $gt: (value, operand: number) => typeof value === 'number' && value > operand,
  $gte: (value, operand: number) => typeof value === 'number' && value >= operand,
  $lte: (value, operand: number) => typeof value === 'number' && value <= operand,
  $in: (value, operand: readonly Value[]) => value !== undefined && operand.includes(value),
}

function find(collection: Collection, query = ''): FakeDocument[] {
  const condition = parseEjson(query) as object
  return [...collection.values()].filter((document) => matches(document, condition))
}

const matches = (document: FakeDocument, condition: object): boolean =>
  Object.entries(condition).every(([field, expected]) => {
    if (field === '$and') return (expected as object[]).every((part) => matches(document, part))
    if (typeof expected !== 'object') return document[field] === expected

    return Object.entries(expected as object).every(([name, operand]) => {
      const test = OPERATORS[name]
      if (!test) throw new Refusal('DATABASE_INVALID_OPERRATOR', `${field}: ${name}`)

      return test(document[field], operand as never)
    })
  })

function requireKnown({ queryType = 'WHERE', ...parameters }: Parameters): void {
  if (queryType !== 'WHERE') throw new Refusal('INVALID_PARAM', `queryType: ${queryType}`)
  for (const name of ['offset', 'order', 'transactionId']) {
    if (name in parameters) throw new Refusal('INVALID_PARAM', name)
  }
}

function requireNothing(others: object): void {
  for (const name of Object.keys(others)) throw new Refusal('DATABASE_INVALID_OPERRATOR', name)
}

const pick = (document: FakeDocument, fields: readonly string[]): FakeDocument =>
  Object.fromEntries(Object.entries(document).filter(([name]) => fields.includes(name)))

const duplicateKey = (id: string): string =>
  `Insert failed: E11000 duplicate key error collection: tnt-test.records index: _id_ dup key: { : "${id}" }`

/** Numbers travel under the name of their type. */
const parseEjson = (text: string): unknown =>
  JSON.parse(text, (_, value) => {
    const number = value?.$numberInt ?? value?.$numberLong ?? value?.$numberDouble
    return number === undefined ? value : Number(number)
  })

const stringifyEjson = (document: FakeDocument): string =>
  JSON.stringify(document, (_, value) => (typeof value === 'number' ? { $numberLong: String(value) } : value))

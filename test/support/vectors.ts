import { readFileSync } from 'node:fs'

const readJson = (file: string): unknown =>
  JSON.parse(readFileSync(new URL(`../vectors/${file}`, import.meta.url), 'utf8'))

/** One published test vector: what goes in, and what its publisher says comes out. */
export type Vector = {
  readonly name: string
  readonly inputs: Readonly<Record<string, string>>
  readonly expected: Readonly<Record<string, unknown>>
}

const official = readJson('auth-opendata-push.json') as readonly Vector[]
const messages = readJson('messages-cards-pay.json') as readonly Vector[]
const peers = readJson('peers.json') as readonly Vector[]

function findVector(vectors: readonly Vector[], name: string): Vector {
  const vector = vectors.find((candidate) => candidate.name === name)
  if (!vector) throw new Error(`no vector ${name}`)
  return vector
}

/** WeChat's own vector of this name. */
export const officialVector = (name: string): Vector => findVector(official, name)

/** A sample message of WeChat's guides. */
export const messageVector = (name: string): Vector => findVector(messages, name)

/** What other WeChat libraries assert, by the names that begin so. */
export const peerVectors = (prefix: string): readonly Vector[] =>
  peers.filter(({ name }) => name.startsWith(prefix))

/** A group of Project Wycheproof: the parameters its tests share. Binary values are in hex. */
export type WycheproofGroup<P, T> = P & {
  readonly tests: readonly (T & {
    readonly tcId: number
    readonly comment: string
    readonly result: 'valid' | 'invalid' | 'acceptable'
  })[]
}

export const wycheproof = <P, T>(file: string): readonly WycheproofGroup<P, T>[] =>
  (readJson(`wycheproof/${file}_test.json`) as { testGroups: WycheproofGroup<P, T>[] }).testGroups

export const hex = (text: string): Buffer => Buffer.from(text, 'hex')

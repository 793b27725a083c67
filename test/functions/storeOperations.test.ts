import { expect, test } from 'vitest'
import type { StoreCaseName } from '../../scripts/bench/storeCases.ts'
import { countStoreOperations } from '../../scripts/bench/storeOperations.ts'

type Counts = readonly [reads: number, writes: number, deletes: number]

/** Every operation is a round trip that a user waits for, and is paid for. */
const COUNTS: Readonly<Record<StoreCaseName, Counts>> = {
  'login: first of a user': [1, 2, 0],
  'login: on another device': [1, 2, 0],
  'login: again, with the token of before': [1, 2, 0],
  'login: on CloudBase, without a code': [0, 0, 0],
  'checkSession: over HTTP': [1, 0, 0],
  'checkSession: on CloudBase': [1, 0, 0],
  'logout: over HTTP': [1, 1, 0],
  'logout: on CloudBase': [1, 1, 0],
  'decryptOpenData: over HTTP': [1, 0, 0],
  'decryptOpenData: on CloudBase': [1, 0, 0],
  'decryptOpenData: over HTTP, accepted only once': [1, 1, 0],
  'decryptOpenData: over HTTP, refused': [1, 1, 0],
  'getPhoneNumber: over HTTP': [1, 0, 0],
  'createSoterChallenge: over HTTP': [1, 1, 0],
  'createSoterChallenge: over HTTP, a day later': [1, 2, 0],
  'createSoterChallenge: on CloudBase': [0, 1, 0],
  'verifySoter: on CloudBase, a new device': [2, 1, 1],
  'verifySoter: on CloudBase, a known device': [2, 1, 1],
  'sendSubscribeMessage: on CloudBase': [1, 3, 0],
  'sendSubscribeMessage: on CloudBase, repeated': [1, 1, 0],
  'sendSubscribeMessage: by a server': [0, 2, 0],
  'getQrCode: on CloudBase': [2, 2, 0],
  'getQrCode: on CloudBase, made before': [1, 0, 0],
  'getQrCode: limited, by a server': [1, 3, 0],
  'getQrCode: limited, by a server, made before': [1, 1, 0],
  'checkContent: on CloudBase': [0, 0, 0],
  'checkContent: on CloudBase, the token has died': [2, 3, 0],
  'checkContent: on CloudBase, a new instance': [1, 0, 0],
  'checkContent: on CloudBase, the first instance of all': [1, 2, 0],
  'refreshAccessToken: not due': [1, 0, 0],
  'refreshAccessToken: due': [2, 2, 0],
}

test.each(Object.entries(COUNTS))('%s takes %j reads, writes and deletions', async (name, counts) => {
  const { reads, writes, deletes } = await countStoreOperations(name as StoreCaseName)

  expect([reads, writes, deletes]).toEqual(counts)
})

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
  'recordSubscription: on CloudBase, the first': [5, 1, 0],
  'recordSubscription: on CloudBase, another': [5, 1, 0],
  'recordSubscription: on CloudBase, repeated': [5, 0, 0],
  'sendSubscribeMessage: on CloudBase': [2, 5, 0],
  'sendSubscribeMessage: on CloudBase, repeated': [1, 1, 0],
  'sendSubscribeMessage: by a server': [1, 4, 0],
  'sendSubscribeMessage: by a server, no grant known': [1, 4, 0],
  'sendSubscribeMessage: by a server, no grant left': [5, 4, 0],
  'receiveMessage: a tap': [1, 1, 0],
  'receiveMessage: a tap, repeated': [1, 0, 0],
  'receiveMessage: a tap that the front end has told': [1, 1, 0],
  'receiveMessage: a delivery': [1, 1, 0],
  'receiveMessage: a verdict': [0, 1, 0],
  'receiveMessage: a verdict, repeated': [0, 1, 0],
  'receiveMessage: an unknown event': [0, 1, 0],
  'receiveMessage: a handler that replies': [0, 2, 0],
  'receiveMessage: a handler that does something once': [0, 4, 0],
  'receiveMessage: a handler, repeated': [1, 1, 0],
  'getQrCode: on CloudBase': [2, 2, 0],
  'getQrCode: on CloudBase, made before': [1, 0, 0],
  'getQrCode: params, on CloudBase': [2, 4, 0],
  'getQrCode: params, on CloudBase, made before': [2, 0, 0],
  'getQrCode: limited, by a server': [1, 3, 0],
  'getQrCode: limited, by a server, made before': [1, 1, 0],
  'resolveScene: on CloudBase': [1, 0, 0],
  'checkContent: a text, on CloudBase': [0, 0, 0],
  'checkContent: a text, on CloudBase, the token has died': [2, 3, 0],
  'checkContent: a text, on CloudBase, a new instance': [1, 0, 0],
  'checkContent: a text, on CloudBase, the first instance of all': [1, 2, 0],
  'checkContent: an image, on CloudBase': [1, 1, 0],
  'checkContent: an image, on CloudBase, judged before': [1, 0, 0],
  'checkContent: a URL, on CloudBase': [0, 3, 0],
  'checkContent: a URL that is looked at, on CloudBase': [1, 3, 0],
  'checkContent: a URL that is looked at, on CloudBase, judged before': [1, 0, 0],
  'getContentResult: on CloudBase, pending': [2, 0, 0],
  'getContentResult: on CloudBase, told for the first time': [2, 1, 0],
  'getContentResult: on CloudBase, told for the first time of bytes looked at': [2, 2, 0],
  'getContentResult: on CloudBase, told before': [1, 0, 0],
  'refreshAccessToken: not due': [1, 0, 0],
  'refreshAccessToken: due': [2, 2, 0],
}

test.each(Object.entries(COUNTS))('%s takes %j reads, writes and deletions', async (name, counts) => {
  const { reads, writes, deletes } = await countStoreOperations(name as StoreCaseName)

  expect([reads, writes, deletes]).toEqual(counts)
})

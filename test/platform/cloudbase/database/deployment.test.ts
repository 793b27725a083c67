import { expect, onTestFinished, test } from 'vitest'
import checkSession from '../../../../functions/checkSession/index.ts'
import logout from '../../../../functions/logout/index.ts'
import refreshAccessToken from '../../../../functions/refreshAccessToken/index.ts'
import { startFakeCloudBase } from '../../../support/fakeCloudBase.ts'
import { createFakeDatabase } from '../../../support/fakeCloudBaseDatabase.ts'
import { codeOf, createWorld, dataOf, TIMER } from '../../../support/world.ts'

const COLLECTION = 'weapp_state'
const WEEK_MS = 7 * 86_400_000

async function createDeployment() {
  const database = createFakeDatabase(COLLECTION)
  const cloudBase = await startFakeCloudBase({ database })
  onTestFinished(cloudBase.close)
  Object.assign(process.env, cloudBase.environment)
  const world = await createWorld({ environment: { STATE_STORE: 'cloudbase', STATE_TABLE: COLLECTION } })
  return { world, database }
}

test('a deployment keeps its state in the collection that STATE_TABLE names, for every instance', async () => {
  const { world, database } = await createDeployment()
  const alice = await world.logIn('alice')
  world.restart()

  expect(dataOf(await world.call(checkSession, {}, alice))).toEqual({ valid: true })
  expect(dataOf(await world.call(logout, {}, alice))).toEqual({ revoked: 1 })
  world.restart()
  expect(codeOf(await world.call(checkSession, {}, alice))).toBe('UNAUTHENTICATED')

  expect(database.documents(COLLECTION)).not.toEqual([])
  expect(world.store.operations).toEqual([])
})

test('nothing readable is in the database', async () => {
  const { world, database } = await createDeployment()
  const alice = await world.logIn('alice')
  await world.call(checkSession, {}, alice)

  const dump = JSON.stringify(database.documents(COLLECTION))
  expect(dump).not.toContain(alice.token)
  expect(dump).not.toMatch(/sessionKey|session_key/)
})

test('the timer removes what has ended long ago', async () => {
  const { world, database } = await createDeployment()
  await world.logIn('alice')
  const before = database.documents(COLLECTION).map(({ _id }) => _id)
  world.clock.advance(60 * WEEK_MS)

  await world.call(refreshAccessToken, {}, TIMER)

  const after = database.documents(COLLECTION).map(({ _id }) => _id)
  expect(after.filter((key) => before.includes(key)).length).toBeLessThan(before.length)
  expect(after).toContainEqual(expect.stringContaining(':accessToken:'))
})

test('an outage of the database is told as one, and passes', async () => {
  const { world, database } = await createDeployment()
  database.isDown = true
  expect(codeOf(await world.call(refreshAccessToken, {}, TIMER))).toBe('STATE_UNAVAILABLE')

  database.isDown = false

  expect(codeOf(await world.call(refreshAccessToken, {}, TIMER))).toBe('OK')
})

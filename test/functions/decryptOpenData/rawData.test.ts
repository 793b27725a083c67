import { describe, expect, test } from 'vitest'
import decryptOpenData from '../../../functions/decryptOpenData/index.ts'
import { codeOf, createWorld, dataOf } from '../../support/world.ts'
import { logInKnowing, sign } from './knownSession.ts'

describe('signed raw data', () => {
  test('is read and verified; it does not say when it was issued', async () => {
    const world = await createWorld()
    const alice = await world.logIn('alice')
    const { rawData, signature } = world.simulator.phone('alice').userInfo()

    const data = dataOf(await world.call(decryptOpenData, { rawData, signature }, alice))

    expect(data).toMatchObject({
      kind: 'userInfo',
      openData: { nickName: 'alice' },
      source: 'rawData',
      integrity: 'verified',
    })
    expect(data).not.toHaveProperty('issuedAtMs')
  })

  test.each([
    ['changed by one space', (raw: string) => ({ ...sign(raw), rawData: `${raw} ` })],
    ['signed with another key', (raw: string) => sign(raw, 'AAAAAAAAAAAAAAAAAAAAAA==')],
    ['no JSON', () => sign('nickName=A')],
    ['a list', () => sign('[{"nickName":"A"}]')],
    ["somebody else's", () => sign('{"nickName":"A","openId":"oSomebody"}')],
    ['without a nickname', () => sign('{"gender":1}')],
  ])('is refused when it is %s', async (_, edit) => {
    const world = await createWorld()
    const alice = await logInKnowing(world)

    expect(codeOf(await world.call(decryptOpenData, edit('{"nickName":"A"}'), alice))).toBe('DECRYPT_FAILED')
  })
})

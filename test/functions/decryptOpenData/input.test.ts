import { describe, expect, test } from 'vitest'
import decryptOpenData from '../../../functions/decryptOpenData/index.ts'
import { codeOf, createWorld } from '../../support/world.ts'
import { logInKnowing, SESSION_KEY, seal, sign, WRONG } from './knownSession.ts'

describe('an input', () => {
  const iv = WRONG.iv
  const bytes = (length: number) => Buffer.alloc(length).toString('base64')

  test.each<[object, string, string | undefined]>([
    [{}, 'encryptedData', 'is missing'],
    [{ encryptedData: bytes(32) }, 'iv', 'is missing'],
    [{ iv }, 'encryptedData', 'is missing'],
    [{ rawData: '{}' }, 'signature', 'is missing'],
    [{ signature: '0'.repeat(40) }, 'rawData', 'is missing'],
    [{ kind: 'userInfo' }, 'encryptedData', 'is missing'],
    [{ kind: 'UserInfo', ...WRONG }, 'kind', undefined],
    [{ kind: '__proto__', ...WRONG }, 'kind', undefined],
    [{ ...WRONG, cloudID: 'x' }, 'cloudID', 'goes alone'],
    [{ ...sign('{}'), cloudID: 'x' }, 'cloudID', 'goes alone'],
    [{ ...sign('{}'), kind: 'phoneNumber' }, 'rawData', 'exists for userInfo only'],
    [{ ...sign('{}'), signature: 'A'.repeat(40) }, 'signature', 'is malformed'],
    [{ ...sign('{}'), signature: '0'.repeat(39) }, 'signature', 'is malformed'],
    [{ rawData: '', signature: '0'.repeat(40) }, 'rawData', 'is empty'],
    [{ rawData: { nickName: 'A' }, signature: '0'.repeat(40) }, 'rawData', 'must be of type string'],
    [{ encryptedData: bytes(32), iv: bytes(15) }, 'iv', 'has 15 bytes instead of 16'],
    [{ encryptedData: bytes(32), iv: bytes(17) }, 'iv', 'has 17 bytes instead of 16'],
    [{ encryptedData: bytes(32), iv: '' }, 'iv', 'is empty'],
    [{ encryptedData: bytes(32), iv: 'r7BXXKkLb8qrSNn05n0qiA' }, 'iv', 'base64 without its padding'],
    [{ encryptedData: bytes(32), iv: 'r7BXXKkLb8qrSNn05n0qiB==' }, 'iv', 'base64 with non-zero tail bits'],
    [{ encryptedData: bytes(16), iv }, 'encryptedData', 'is below its minimum of 32 bytes'],
    [{ encryptedData: bytes(33), iv }, 'encryptedData', 'is not a whole number of 16-byte blocks'],
    [{ encryptedData: bytes(32 * 1024 + 16), iv }, 'encryptedData', undefined],
    [{ encryptedData: `${bytes(32)}\n`, iv }, 'encryptedData', 'base64 with a line break'],
    [{ encryptedData: bytes(33).replace('A', '-'), iv }, 'encryptedData', 'base64 in the URL-safe alphabet'],
    [{ encryptedData: ['x'], iv }, 'encryptedData', 'must be of type string'],
    [{ cloudID: null }, 'cloudID', 'must be of type string'],
    [{ cloudID: 7 }, 'cloudID', 'must be of type string'],
    [{ cloudID: ['x'] }, 'cloudID', 'must be of type string'],
    [{ cloudID: '' }, 'cloudID', 'is malformed'],
    [{ cloudID: 'a b' }, 'cloudID', 'is malformed'],
    [{ cloudID: 'x'.repeat(513) }, 'cloudID', 'is over its maximum of 512'],
    [{ ...WRONG, session_key: SESSION_KEY }, 'session_key', 'is not a field of this function'],
    [{ ...WRONG, sessionKey: SESSION_KEY }, 'sessionKey', 'is not a field of this function'],
    [{ ...WRONG, openid: 'x' }, 'openid', 'is not a field of this function'],
  ])('is refused without asking anybody and without costing an attempt: %j', async (input, field, reason) => {
    const world = await createWorld()
    const alice = await world.logIn('alice')
    const before = { operations: world.store.operations.length, asked: world.simulator.requests().length }

    const reply = await world.call(decryptOpenData, input, alice)

    expect(reply).toMatchObject({ error: { code: 'INVALID_ARGUMENT', field, ...(reason && { reason }) } })
    // One read, to know whose token it is.
    expect(world.store.operations.slice(before.operations)).toEqual(['get'])
    expect(world.simulator.requests()).toHaveLength(before.asked)
  })

  test('may have as much as 32 KiB', async () => {
    const world = await createWorld()
    const alice = await logInKnowing(world)
    const input = seal({ openGId: 'tG1', added: 'x'.repeat(32 * 1024 - 100) })

    expect(Buffer.from(input.encryptedData, 'base64').length).toBeGreaterThan(32_700)
    expect(codeOf(await world.call(decryptOpenData, input, alice))).toBe('OK')
  })
})

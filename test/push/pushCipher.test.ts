import { describe, expect, test } from 'vitest'
import { Secret } from '../../shared/core/secret.ts'
import { decryptPush, encryptPush } from '../../shared/push/pushCipher.ts'
import { peerVectors } from '../support/vectors.ts'
import { APP_ID, encrypt, encryptBlocks, frame, KEY, pad } from './pushes.ts'

const decrypt = (base64: string): string | undefined =>
  decryptPush(Buffer.from(base64, 'base64'), new Secret(KEY), APP_ID)?.toString()

describe('padding to 32 bytes', () => {
  const byPadding = Array.from({ length: 32 }, (_, index) => {
    const message = 'x'.repeat(index)
    return { message, padding: pad(frame(message)).at(-1) }
  })

  test.each(byPadding)('of $padding bytes is taken off, and put on', ({ message }) => {
    expect(decrypt(encrypt(message))).toBe(message)
    expect(encryptPush(message, new Secret(KEY), APP_ID, Buffer.alloc(16, 'r')).toString('base64')).toBe(
      encrypt(message),
    )
  })

  test('has been seen at every length', () => {
    expect(new Set(byPadding.map(({ padding }) => padding)).size).toBe(32)
  })

  const plain = frame('message')
  const rest = pad(plain).length - plain.length
  const padded = (...padding: number[]) => encryptBlocks(Buffer.concat([plain, Buffer.from(padding)]))
  const bytes = (count: number, value: number) => Array<number>(count).fill(value)

  test('is where these cases begin', () => {
    expect(rest).toBe(19)
    expect(decrypt(padded(...bytes(rest, rest)))).toBe('message')
  })

  test.each<[string, number[]]>([
    ['of zeros', bytes(rest, 0)],
    ['of the highest byte', bytes(rest, 255)],
    ['that says more than there is', bytes(rest, rest + 1)],
    ['that says less than there is', bytes(rest, rest - 1)],
    ['that says one', bytes(rest, 1)],
    ['of more than 32 bytes', bytes(rest + 32, rest + 32)],
    ['with a block too many', bytes(rest + 32, rest)],
    ['to 16 bytes alone', bytes(3, 3)],
    ['to 16 bytes, a block later', bytes(35, 35)],
    ['that is none', bytes(rest, 0x20)],
    ...Array.from({ length: rest }, (_, place): [string, number[]] => [
      `with another byte in place ${place}`,
      bytes(rest, rest).with(place, rest ^ 1),
    ]),
  ])('%s is not accepted', (_, padding) => {
    expect(decrypt(padded(...padding))).toBeUndefined()
  })
})

describe('what is encrypted', () => {
  test.each([
    ['one byte less than there is', 6],
    ['one byte more', 8],
    ['nothing', 0],
    ['all up to the end of the app id', 7 + APP_ID.length],
    ['what lies beyond the end', 1000],
    ['four gigabytes', 0xffff_ffff],
  ])('does not open when its length says %s', (_, length) => {
    expect(decrypt(encrypt('message', { length }))).toBeUndefined()
  })

  test.each(['', APP_ID.slice(0, -1), `${APP_ID}x`, `x${APP_ID}`, APP_ID.toUpperCase(), `${APP_ID}\0`])(
    'does not open when the app id after it is %j',
    (appId) => {
      expect(decrypt(encrypt('message', { appId }))).toBeUndefined()
    },
  )

  test.each([0, 1, 16, 19, 20, 31])('does not open when it has %i bytes in all', (length) => {
    expect(decrypt(encryptBlocks(pad(Buffer.alloc(length))))).toBeUndefined()
  })

  test('opens with the app id inside the message too', () => {
    expect(decrypt(encrypt(`${APP_ID}${APP_ID}`))).toBe(`${APP_ID}${APP_ID}`)
  })
})

test.each(peerVectors('push/').filter(({ expected }) => expected.encrypt))(
  '$name comes out as other libraries have it',
  ({ inputs: { plaintext = '', encodingAESKey = '', appId = '', random16 = '' }, expected }) => {
    const ciphertext = encryptPush(plaintext, new Secret(encodingAESKey), appId, Buffer.from(random16))

    expect(ciphertext.toString('base64')).toBe(expected.encrypt)
  },
)

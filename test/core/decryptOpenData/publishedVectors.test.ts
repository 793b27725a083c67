import { describe, expect, test } from 'vitest'
import { parseBase64 } from '../../../shared/core/base64.ts'
import { decryptOpenData, type ReadOpenData } from '../../../shared/core/decryptOpenData.ts'
import { problemOf } from '../../support/problemOf.ts'
import { officialVector, peerVectors, type Vector } from '../../support/vectors.ts'
import { DECRYPT_FAILED } from './samples.ts'

type Watermarked = Record<string, unknown> & { watermark: { appid: string; timestamp: number } }

/** Reads a published vector with our own strictness, as the user whom it belongs to. */
function readVector({ inputs }: Vector, { openId, watermark }: Partial<Watermarked>): ReadOpenData {
  const { encryptedData = '', iv = '', sessionKey = '', appId } = inputs
  return decryptOpenData(parseBase64(encryptedData, 'encryptedData'), parseBase64(iv, 'iv'), sessionKey, {
    appId: appId ?? watermark?.appid ?? '',
    openid: String(openId),
  })
}

describe("WeChat's own sample", () => {
  const sample = officialVector('open-data/userinfo-official-demo')
  const { watermark, ...openData } = sample.expected.json as Watermarked
  const ciphertext = Buffer.from(sample.inputs.encryptedData ?? '', 'base64')
  const iv = Buffer.from(sample.inputs.iv ?? '', 'base64')
  const owner = { appId: watermark.appid, openid: String(openData.openId) }
  const read = (data: Buffer, withIv: Buffer) =>
    decryptOpenData(data, withIv, sample.inputs.sessionKey ?? '', owner)

  test('is read as WeChat says', () => {
    expect(read(ciphertext, iv)).toEqual({
      kind: 'userInfo',
      openData,
      issuedAtMs: watermark.timestamp * 1000,
    })
  })

  const bits = (bytes: Buffer) =>
    Array.from({ length: bytes.length * 8 }, (_, bit) => {
      const edited = Buffer.from(bytes)
      edited[bit >> 3] = (edited[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      return edited
    })

  test('is refused under an iv with any one bit changed', () => {
    expect(bits(iv).map((edited) => problemOf(() => read(ciphertext, edited)))).toEqual(
      bits(iv).map(() => DECRYPT_FAILED),
    )
  })

  test('is refused, or says the same, with any one bit of the data changed', () => {
    const told = bits(ciphertext).flatMap((edited) => {
      try {
        return [read(edited, iv).openData]
      } catch (thrown) {
        expect(thrown).toMatchObject(DECRYPT_FAILED)
        return []
      }
    })

    for (const said of told) expect(said).toEqual(openData)
    expect(told.length).toBeLessThan(8)
  })

  test('is refused with any block left out, doubled, or swapped with the next', () => {
    const blocks = Array.from({ length: ciphertext.length / 16 }, (_, at) =>
      ciphertext.subarray(at * 16, at * 16 + 16),
    )
    const edits = blocks.flatMap((block, at) => [
      blocks.toSpliced(at, 1),
      blocks.toSpliced(at, 0, block),
      ...(at > 0 ? [blocks.toSpliced(at - 1, 2, block, blocks[at - 1] ?? block)] : []),
    ])

    for (const edit of edits) expect(problemOf(() => read(Buffer.concat(edit), iv))).toEqual(DECRYPT_FAILED)
  })

  test.each([
    ['another app', { ...owner, appId: 'wx0000000000000000' }],
    ['another user', { ...owner, openid: 'oAnotherUserAnotherUserAnoth' }],
    ['another person of the same account', { ...owner, unionid: 'oAnotherUnionidAnotherUnioni' }],
    ['another kind', { ...owner, kind: 'phoneNumber' as const }],
  ])('is refused for %s', (_, expected) => {
    expect(
      problemOf(() => decryptOpenData(ciphertext, iv, sample.inputs.sessionKey ?? '', expected)),
    ).toEqual(DECRYPT_FAILED)
  })
})

describe('what other libraries are tested with', () => {
  const vectors = peerVectors('open-data/').filter(({ inputs }) => inputs.encryptedData)
  const jsonOf = ({ data, plaintext }: Vector['expected']) =>
    (data ?? JSON.parse(String(plaintext ?? '{}'))) as Partial<Watermarked>
  const isCanonical = ({ inputs }: Vector) =>
    !problemOf(() => parseBase64(inputs.encryptedData ?? '', 'encryptedData'))

  test.each(vectors.filter((vector) => vector.expected.ok === true && isCanonical(vector)))(
    '$name is read',
    (vector) => {
      const { watermark, ...openData } = jsonOf(vector.expected)

      expect(readVector(vector, jsonOf(vector.expected))).toMatchObject({
        openData,
        issuedAtMs: (watermark?.timestamp ?? 0) * 1000,
      })
    },
  )

  test.each(vectors.filter((vector) => vector.expected.ok !== true || !isCanonical(vector)))(
    '$name is refused: we take canonical base64 of genuine data only',
    (vector) => {
      // Lengths are the function's to check, so a wrong one is no problem of ours here but still no data.
      expect(() => readVector(vector, jsonOf(vector.expected))).toThrow()
    },
  )
})

import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { hashMedia } from '../../shared/core/mediaHash.ts'

const MAX_BYTES = 10 * 1024 * 1024
const TOO_LARGE = { code: 'MEDIA_TOO_LARGE', options: { reason: 'has more than 10 MiB' } }

/** Says how many parts were taken of it, and whether it was let go of. */
function createBody(parts: readonly Uint8Array[]) {
  const body = {
    taken: 0,
    isClosed: false,
    async *[Symbol.asyncIterator]() {
      try {
        for (const part of parts) {
          body.taken++
          yield part
        }
      } finally {
        body.isClosed = true
      }
    },
  }
  return body
}

const mebibytes = (count: number) => Array<Uint8Array>(count).fill(Buffer.alloc(1024 * 1024, 7))

test.each<[string, readonly string[]]>([
  ['nothing', []],
  ['one part', ['the media']],
  ['many parts', ['t', 'he me', '', 'dia']],
])('the hash of %s is that of all its bytes', async (_, parts) => {
  const expected = createHash('sha256').update(parts.join('')).digest('hex')

  expect(await hashMedia(createBody(parts.map((part) => Buffer.from(part))), Number.NaN)).toBe(expected)
})

test('ten mebibytes are hashed', async () => {
  const expected = createHash('sha256').update(Buffer.alloc(MAX_BYTES, 7)).digest('hex')

  expect(await hashMedia(createBody(mebibytes(10)), MAX_BYTES)).toBe(expected)
})

test('media that are announced as too large are not read', async () => {
  const body = createBody(mebibytes(1))

  await expect(hashMedia(body, MAX_BYTES + 1)).rejects.toMatchObject(TOO_LARGE)
  expect(body.taken).toBe(0)
})

test.each([Number.NaN, 5])(
  'media that turn out too large are read no further, announced as %d',
  async (announced) => {
    const body = createBody([...mebibytes(10), Buffer.from('.'), ...mebibytes(10)])

    await expect(hashMedia(body, announced)).rejects.toMatchObject(TOO_LARGE)
    expect(body).toMatchObject({ taken: 11, isClosed: true })
  },
)

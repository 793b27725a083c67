import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { splitText } from '../../shared/core/textChunks.ts'

/** Texts of one- and two-unit letters, no letter twice: so every place in them can be found again. */
const text = fc
  .array(fc.constantFrom(0x4e00, 0x1f300), { maxLength: 120 })
  .map((blocks) => blocks.map((block, index) => String.fromCodePoint(block + index)).join(''))

const limits = fc
  .record({ overlap: fc.nat(6), room: fc.integer({ min: 3, max: 10 }) })
  .map(({ overlap, room }) => ({ overlap, maxLength: overlap + room }))

const hasBrokenPair = (chunk: string) => /\p{Surrogate}/u.test(chunk)

describe('a long text is cut into chunks that overlap', () => {
  test.each([
    ['an empty text is one empty chunk', '', ['']],
    ['a text that fits is one chunk', 'abcdef', ['abcdef']],
    ['the next chunk repeats the end of the one before', 'abcdefgh', ['abcdef', 'efgh']],
    ['a text of many chunks ends with the rest', 'abcdefghijkl', ['abcdef', 'efghij', 'ijkl']],
    ['a pair at the end of a chunk goes to the next', 'abcde😀fg', ['abcde', 'de😀fg']],
    ['a pair at the start of a chunk is repeated whole', 'abc😀efgh', ['abc😀e', '😀efgh']],
  ])('%s', (_, whole, chunks) => {
    expect(splitText(whole, { maxLength: 6, overlap: 2 })).toEqual(chunks)
  })

  it('keeps every phrase no longer than the overlap whole in some chunk', () => {
    fc.assert(
      fc.property(text, limits, (whole, { maxLength, overlap }) => {
        const chunks = splitText(whole, { maxLength, overlap })
        const escaped = Array.from({ length: whole.length }, (_, at) => whole.slice(at, at + overlap)).filter(
          (phrase) => !chunks.some((chunk) => chunk.includes(phrase)),
        )
        expect(escaped).toEqual([])
      }),
    )
  })

  it('never makes a chunk longer than allowed, nor breaks a pair, nor leaves a letter out', () => {
    fc.assert(
      fc.property(text, limits, (whole, { maxLength, overlap }) => {
        let covered = 0
        for (const chunk of splitText(whole, { maxLength, overlap })) {
          expect(chunk.length).toBeLessThanOrEqual(maxLength)
          expect(hasBrokenPair(chunk)).toBe(false)

          const start = whole.indexOf(chunk)
          expect(start).toBeGreaterThanOrEqual(0)
          expect(start).toBeLessThanOrEqual(covered)
          covered = start + chunk.length
        }
        expect(covered).toBe(whole.length)
      }),
    )
  })

  it('makes no more chunks than the text needs at the least advance', () => {
    fc.assert(
      fc.property(text, limits, (whole, { maxLength, overlap }) => {
        const leastAdvance = maxLength - overlap - 2
        const chunks = splitText(whole, { maxLength, overlap })
        expect(chunks.length).toBeLessThanOrEqual(Math.ceil(whole.length / leastAdvance) + 1)
      }),
    )
  })

  it('advances through lone surrogates too', () => {
    const highs = '\ud83d'.repeat(50)

    expect(splitText(highs, { maxLength: 5, overlap: 2 }).length).toBeLessThanOrEqual(50)
  })

  test.each([
    ['an overlap as long as a chunk', { maxLength: 5, overlap: 5 }],
    ['an overlap that leaves no room beside two pairs', { maxLength: 5, overlap: 3 }],
    ['a negative overlap', { maxLength: 5, overlap: -1 }],
  ])('%s is a fault of the program', (_, badLimits) => {
    expect(() => splitText('text', badLimits)).toThrow(RangeError)
  })
})

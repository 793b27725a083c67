import { fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import { startMediaHost } from './mediaHost.ts'
import type { Order, Outcome } from './mediaMemoryReader.ts'

const MEBIBYTE = 1024 * 1024
const AT_ONCE = 20
const PART = Buffer.alloc(65_536, 7)
const FILE = Array<Buffer>((10 * MEBIBYTE) / PART.length).fill(PART)

test(`${AT_ONCE} files of ten mebibytes at once take a fraction of their size`, async () => {
  const { port } = await startMediaHost((_, response) => void Readable.from(FILE).pipe(response))
  const reader = fork(join(import.meta.dirname, 'mediaMemoryReader.ts'), {
    execArgv: ['--max-old-space-size=64', '--max-semi-space-size=2', '--import', 'tsx'],
  })
  onTestFinished(async () => {
    const exited = once(reader, 'exit')
    if (reader.connected) reader.disconnect()
    await exited
  })
  const read = async (atOnce: number): Promise<Outcome> => {
    reader.send({ port, atOnce } satisfies Order)
    return (await once(reader, 'message'))[0] as Outcome
  }
  const expected = createHash('sha256').update(Buffer.concat(FILE)).digest('hex')

  const one = await read(1)
  const many = await read(AT_ONCE)

  expect([...new Set([...one.hashes, ...many.hashes])]).toEqual([expected])
  expect(many.peakBytes - one.peakBytes).toBeLessThan((AT_ONCE * 10 * MEBIBYTE) / 3)
})

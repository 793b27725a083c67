import { expect } from 'vitest'
import type { Simulator } from '../../../scripts/simulator/simulator.ts'
import type { Reply } from '../../../shared/function/reply.ts'

/** Calls a function in whatever host, and resolves with its reply. */
export type Ask = (name: string, input: object) => Promise<unknown>

const MEDIA = { type: 'image', scene: 3, mediaUrl: 'https://cdn.weapp.example.com/photo.jpg' }

/** Has media checked: the check is pending until WeChat has pushed its verdict to `receiveMessage`. */
export async function checkMedia(simulator: Simulator, ask: Ask): Promise<void> {
  const submitted = (await ask('checkContent', MEDIA)) as Reply<{ traceId: string }>
  expect(submitted).toMatchObject({ ok: true, data: { suggest: 'pending', traceId: expect.any(String) } })
  const traceId = submitted.ok ? submitted.data.traceId : ''
  expect(await ask('getContentResult', { traceId })).toMatchObject({ data: { suggest: 'pending' } })

  simulator.judgeMedia(traceId, { suggest: 'risky', label: 20002 })
  await simulator.pushesDone()

  expect(simulator.pushes.at(-1)).toMatchObject({ outcome: 'acknowledged', attempts: [{ body: 'success' }] })
  expect(await ask('getContentResult', { traceId })).toMatchObject({
    data: { suggest: 'risky', label: 20002, traceId },
  })
}

import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Answer } from './api.ts'
import type { Fault } from './faults.ts'

type Damage = Pick<Fault, 'headers' | 'cutAfterBytes' | 'trickle'>

/** Sends an answer, as whole and as fast as the damage leaves it. Resolves with whether all of it was sent. */
export async function deliver(
  response: ServerResponse,
  answer: Answer,
  damage: Damage = {},
): Promise<boolean> {
  if (response.destroyed) return false
  const body = Buffer.from(answer.body)
  const headers = {
    'content-type': answer.contentType,
    'content-length': String(body.length),
    ...answer.headers,
  }
  response.statusCode = answer.status ?? 200
  // One by one, since names that differ in case are the same header only to setHeader.
  for (const [name, value] of [...Object.entries(headers), ...Object.entries(damage.headers ?? {})]) {
    response.setHeader(name, value)
  }

  const { cutAfterBytes = body.length, trickle } = damage
  const part = body.subarray(0, cutAfterBytes)
  const rest = trickle ? await sendAllButLast(response, part, trickle) : part
  return part.length < body.length ? breakOff(response, rest) : finish(response, rest)
}

function breakOff(response: ServerResponse, rest: Buffer): false {
  response.flushHeaders()
  // Destroying at once would throw away what was written but not yet sent.
  response.write(rest, () => response.destroy())
  return false
}

function finish(response: ServerResponse, rest: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    response.once('finish', () => resolve(true)).once('close', () => resolve(false))
    response.end(rest)
  })
}

/** Sends piece by piece and returns the last one, after which nobody waits any more. */
async function sendAllButLast(
  response: ServerResponse,
  body: Buffer,
  { bytes, everyMs }: NonNullable<Damage['trickle']>,
): Promise<Buffer> {
  let at = 0
  for (; at + bytes < body.length && !response.destroyed; at += bytes) {
    response.write(body.subarray(at, at + bytes))
    await sleep(everyMs)
  }
  return body.subarray(at)
}

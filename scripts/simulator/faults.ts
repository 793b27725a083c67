import { STATUS_CODES } from 'node:http'
import { type Answer, answerJson } from './api.ts'
import { toErrorJson } from './apiError.ts'

/** Something that goes wrong with the next requests of one path. */
export type Fault = {
  /** The API's path, or `*` for any. */
  path: string
  /** How many requests it hits; 1 unless told otherwise, `Infinity` for good. */
  times?: number
  /** Holds the answer back; the effect is taken when the request arrives. */
  latencyMs?: number

  /** Any of these three answers in WeChat's place, and the request has no effect. */
  status?: number
  errcode?: number
  body?: string | Uint8Array
  errmsg?: string
  headers?: Readonly<Record<string, string>>
  /** Replaces the answer only after the effect was taken, as a broken gateway on the way back does. */
  afterTaken?: boolean

  /** Announces the whole length, sends this much and destroys the connection. */
  cutAfterBytes?: number
  /** Sends the body in pieces of so many bytes, one every so many milliseconds. */
  trickle?: { bytes: number; everyMs: number }
  /** Destroys the connection before the request has any effect, or once it has had it. */
  reset?: 'before' | 'afterTaken'
  /** Never answers, likewise. */
  hang?: 'before' | 'afterTaken'
}

export type Faults = ReturnType<typeof createFaults>

/** The faults still to come, first added first met. */
export function createFaults() {
  let pending: { readonly fault: Fault; timesLeft: number }[] = []

  return {
    add: (fault: Fault) => void pending.push({ fault, timesLeft: fault.times ?? 1 }),
    clear: () => {
      pending = []
    },
    /** The fault that hits this request, if any; each is met as often as it says. */
    take(path: string): Fault | undefined {
      const met = pending.find(({ fault }) => fault.path === path || fault.path === '*')
      if (!met) return undefined
      met.timesLeft -= 1
      pending = pending.filter(({ timesLeft }) => timesLeft > 0)
      return met.fault
    },
  }
}

/** What a fault answers in WeChat's place; `undefined` when it leaves the answer alone. */
export function toFaultAnswer(fault: Fault): Answer | undefined {
  const { errcode, errmsg = 'system error', body, status = 200 } = fault
  if (body !== undefined) return { status, contentType: 'text/html', body }
  if (errcode !== undefined) return { ...answerJson(toErrorJson({ errcode, errmsg })), status }
  if (fault.status === undefined) return undefined

  const page = `<html><body><h1>${status} ${STATUS_CODES[status] ?? ''}</h1></body></html>`
  return { status, contentType: 'text/html', body: page }
}

import * as z from 'zod/mini'
import { isJsonObject } from '../../shared/core/json.ts'
import { Problem } from '../../shared/core/problem.ts'
import { defineFunction } from '../../shared/function/define.ts'
import type { PushAnswer, PushProtocol } from '../../shared/function/pushProtocol.ts'

/** A protocol that tells what it was given, and takes a request for WeChat's when its query says `ok=1`. */
const protocol: PushProtocol = {
  readRequest({ method, query, body }) {
    if (method !== 'GET' && method !== 'POST') throw new Problem('METHOD_NOT_ALLOWED')
    if (!query.some(([name, value]) => name === 'ok' && value === '1')) throw new Problem('UNAUTHENTICATED')

    return {
      input: { seen: { method, query, body: Buffer.from(body).toString() } },
      respond: (answer) => ({ contentType: 'text/plain', body: JSON.stringify(answer) }),
    }
  },
  readEvent: (event) => ({ seen: event }),
  isMessage: (event) => isJsonObject(event) && 'MsgType' in event,
}

/** A function that WeChat's push may call: it answers what it has seen, or fails when that says so. */
export const pushProbe = (answer?: (seen: unknown) => PushAnswer) =>
  defineFunction({
    name: 'pushProbe',
    access: ['push'],
    push: protocol,
    input: z.strictObject({ seen: z.unknown() }),
    uses: {},
    timeoutSeconds: 5,

    async handle({ caller }, { seen }): Promise<PushAnswer> {
      return answer?.(seen) ?? { reply: { caller: caller.kind, seen } }
    },
  })

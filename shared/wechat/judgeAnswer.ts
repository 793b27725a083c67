import { Problem } from '../core/problem.ts'
import type { Answer } from './channel.ts'
import type { Endpoint } from './endpoint.ts'
import { errcodeOf, isBusy, toProblem, traceOf } from './errcodes.ts'
import { LOST } from './exchangeWithRepeats.ts'

/**
 * Takes what the handler needs out of an answer, or tells why WeChat refused. The one place where failure
 * is told from success.
 *
 * @throws Problem what the errcode stands for, or `UPSTREAM_BAD_RESPONSE` when a field is missing
 */
export function judgeAnswer<I, O>(endpoint: Endpoint<I, O>, { json, image }: Answer): O {
  if (!json) return endpoint.response({}, image)

  const errcode = errcodeOf(json) ?? 0
  if (errcode === 0 && endpoint.answer === 'image')
    throw new Problem('UPSTREAM_BAD_RESPONSE', { detail: 'no image' })
  if (errcode === 0 || endpoint.accepts?.includes(errcode)) return endpoint.response(json, Buffer.alloc(0))
  if (isBusy(errcode) && endpoint.effect === 'send')
    throw new Problem(LOST.send, { upstream: traceOf(errcode, json) })

  throw toProblem(endpoint, errcode, json)
}

import { Problem } from '../core/problem.ts'
import type { Answer } from './channel.ts'
import type { Effect, Endpoint, WechatJson } from './endpoint.ts'
import { errcodeOf, isLost, toProblem, traceOf } from './errcodes.ts'
import { LOST } from './exchangeWithRepeats.ts'

/**
 * Takes what the handler needs out of an answer, or tells why WeChat refused. The one place where failure
 * is told from success.
 *
 * @throws Problem what the errcode stands for, `UPSTREAM_BAD_RESPONSE` when a field is missing, and
 * `OUTCOME_UNKNOWN` or `CODE_OUTCOME_UNKNOWN` where the effect may have happened
 */
export function judgeAnswer<I, O>(endpoint: Endpoint<I, O>, { json, image }: Answer): O {
  if (!json) return endpoint.response({}, image)

  const { effect } = endpoint
  const errcode = errcodeOf(json)
  if (errcode === undefined) throw new Problem(effect === 'read' ? 'UPSTREAM_BAD_RESPONSE' : LOST[effect])
  if (errcode === 0 && endpoint.isImage) throw noImage(effect)
  if (errcode === 0 || endpoint.accepts?.includes(errcode)) return readOutput(endpoint, json)
  if (isLost(errcode, effect)) throw new Problem(LOST[effect], { upstream: traceOf(errcode, json) })

  throw toProblem(endpoint, errcode, json)
}

/** A message went out or did not: an answer that nobody can read does not say which. */
function readOutput<I, O>(endpoint: Endpoint<I, O>, json: WechatJson): O {
  try {
    return endpoint.response(json, Buffer.alloc(0))
  } catch (thrown) {
    if (endpoint.effect === 'send' && thrown instanceof Problem) throw new Problem(LOST.send, thrown.options)
    throw thrown
  }
}

/** WeChat says that all went well, so a code may have come out of the stock. */
const noImage = (effect: Effect): Problem =>
  new Problem(effect === 'read' ? 'UPSTREAM_BAD_RESPONSE' : LOST[effect], { detail: 'no image' })

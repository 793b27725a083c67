import { parseJsonObject } from '../../shared/core/json.ts'
import {
  type HttpRequest,
  type HttpResponse,
  type Transport,
  TransportFailure,
} from '../../shared/ports/transport.ts'
import { carry, type Fates, type Fault, isUndone, type RequestFault } from './effect.ts'
import type { History, RequestEntry } from './history.ts'
import type { Instance } from './instance.ts'
import type { ModelWechat, WechatRequest } from './modelWechat.ts'
import type { Scheduler } from './scheduler.ts'

type Network = {
  readonly scheduler: Scheduler
  readonly fates: Fates
  readonly history: History
  readonly wechat: ModelWechat
}

/** The network between one instance and WeChat. */
export const createModelTransport = (instance: Instance, network: Network): Transport => ({
  send: (request) =>
    new Promise((resolve, reject) => {
      const { scheduler, fates } = network
      let isWaiting = true
      const stopWaiting = scheduler.after(request.timeoutMs, giveUp, instance)
      function giveUp() {
        isWaiting = false
        reject(new TransportFailure('timeout', true, 'model'))
      }
      const sentAtMs = scheduler.nowMs()
      const read = readRequest(request)

      carry({ instance, operation: read.path, key: '' }, scheduler, fates, (fault) => {
        const { entry, response } = respond(read, { instance, sentAtMs, fault }, network)
        if (fault === 'lost' || fault === 'answerLost') return undefined

        return () => {
          stopWaiting()
          if (response instanceof TransportFailure) return reject(response)
          entry.isHeard = isWaiting && response.status === 200
          resolve(response)
        }
      })
    }),
})

function readRequest({ url, body }: HttpRequest): WechatRequest {
  const { pathname, searchParams } = new URL(url)
  return { path: pathname, query: searchParams, body: parseJsonObject(String(body ?? '')) ?? {} }
}

type Arrival = { readonly instance: Instance; readonly sentAtMs: number; readonly fault: Fault | undefined }

function respond(
  request: WechatRequest,
  { instance, sentAtMs, fault }: Arrival,
  { scheduler, history, wechat }: Network,
): { readonly entry: RequestEntry; readonly response: HttpResponse | TransportFailure } {
  const { path, query, body } = request
  const answer = isUndone(fault) ? undefined : (refusalOf(fault) ?? wechat.answer(request))
  const entry: RequestEntry = {
    instance,
    path,
    sentAtMs,
    arrivedAtMs: scheduler.nowMs(),
    fault,
    token: query.get('access_token') ?? undefined,
    subject: String(body.content ?? query.get('js_code') ?? query.get('openid') ?? ''),
    ...(answer && { answer }),
    isHeard: false,
  }
  history.requests.push(entry)
  history.note(() => describe(entry))

  return { entry, response: responseTo(fault, answer) }
}

function responseTo(fault: Fault | undefined, answer: object = {}): HttpResponse | TransportFailure {
  switch (fault) {
    case 'refused':
      return new TransportFailure('network', false, 'refused')
    case 'reset':
      return new TransportFailure('network', true, 'reset')
    case 'truncated':
      return new TransportFailure('truncated', true, 'truncated')
    case 'status503':
      return { status: 503, headers: {}, body: Buffer.from('unavailable') }
    case 'html':
      return { status: 200, headers: {}, body: Buffer.from('<html>busy</html>') }
    default:
      return { status: 200, headers: {}, body: Buffer.from(JSON.stringify(answer)) }
  }
}

const REFUSALS: Partial<Record<Fault, number>> = {
  busy: -1,
  invalidToken: 40001,
  wrongSecret: 40125,
} satisfies Partial<Record<RequestFault, number>>

/** What WeChat says instead of doing it. */
function refusalOf(fault: Fault | undefined): Record<string, unknown> | undefined {
  const errcode = fault && REFUSALS[fault]
  return errcode === undefined ? undefined : { errcode, errmsg: 'model' }
}

function describe({ instance, path, token, subject, fault, answer }: RequestEntry): string {
  const { access_token, expires_in, errcode = 0 } = answer ?? {}
  const outcome = access_token
    ? `token ${nameOf(String(access_token))} for ${expires_in} s`
    : answer
      ? `errcode ${errcode}`
      : 'unseen'
  const parts = [instance.name, path, token && `with ${nameOf(token)}`, subject && `(${subject})`, fault]
  return `${parts.filter(Boolean).join(' ')} -> ${outcome}`
}

/** The simulator numbers its tokens. */
export const nameOf = (token: string): string => `#${token.slice(0, token.indexOf('_'))}`

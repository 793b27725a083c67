import { Problem } from '../core/problem.ts'
import { isTokenErrcode } from '../core/tokenErrcodes.ts'
import { withinDeadline } from '../core/withinDeadline.ts'
import type { AccessTokens } from './accessToken.ts'
import type { Answer, Channel } from './channel.ts'
import type { AnyEndpoint, AppCredentials, Endpoint, Endpoints } from './endpoint.ts'
import { errcodeOf } from './errcodes.ts'
import { type Budget, exchangeWithRepeats } from './exchangeWithRepeats.ts'
import { judgeAnswer } from './judgeAnswer.ts'
import type { UpstreamCall } from './upstreamCall.ts'

/** A function's endpoints, ready to be called. */
export type WechatClient<U extends Endpoints> = {
  readonly [K in keyof U]: U[K] extends Endpoint<infer I, infer O> ? (input: I) => Promise<O> : never
}

export type ClientOptions = Budget & {
  readonly channelFor: (endpoint: AnyEndpoint) => Channel
  readonly accessTokens: () => AccessTokens
  readonly app: AppCredentials
  /** Hears of every call that is over, for the log. */
  readonly onCall: (call: UpstreamCall) => void
}

/**
 * Calls WeChat.
 *
 * From the outside in: one total deadline, one repeat after a token error, the token attached, repeats of
 * transient failures, the channel. So the repeat after a token error carries the new token, and what is
 * not safe to repeat (a sent message, a one-time code) is repeated only when WeChat certainly never saw it
 * or certainly refused it.
 *
 * Its methods throw the problems of `exchangeWithRepeats`, those of the endpoint's errcodes, and
 * `UPSTREAM_BAD_RESPONSE` where a field is missing.
 */
export function createWechatClient<U extends Endpoints>(
  endpoints: U,
  options: ClientOptions,
): WechatClient<U> {
  const methods = Object.entries(endpoints).map(([name, endpoint]) => [
    name,
    (input: unknown) => callEndpoint(name, endpoint, input, options),
  ])
  return Object.fromEntries(methods) as WechatClient<U>
}

async function callEndpoint(
  name: string,
  endpoint: AnyEndpoint,
  input: unknown,
  options: ClientOptions,
): Promise<unknown> {
  const startedAtMs = options.clock.nowMs()
  let attempts = 0
  const report = (outcome: Pick<UpstreamCall, 'upstream' | 'failure'>) =>
    options.onCall({ endpoint: name, durationMs: options.clock.nowMs() - startedAtMs, attempts, ...outcome })

  try {
    const channel = options.channelFor(endpoint)
    const request = endpoint.request(input, options.app)
    const send = (accessToken?: string) =>
      exchangeWithRepeats(
        channel,
        { endpoint, request, ...(accessToken && { accessToken }) },
        options,
        () => {
          attempts++
        },
      )
    const answer = await (needsToken(endpoint, channel) ? sendWithToken(send, options) : send())

    const output = judgeAnswer(endpoint, answer)
    report({})
    return output
  } catch (thrown) {
    const { upstream, detail } = thrown instanceof Problem ? thrown.options : {}
    report(
      upstream
        ? { upstream }
        : { failure: detail ?? (thrown instanceof Problem ? thrown.code : 'unforeseen') },
    )
    throw thrown
  }
}

const needsToken = (endpoint: AnyEndpoint, channel: Channel): boolean =>
  channel.needsAccessToken && endpoint.credential === 'accessToken'

/** A refused token is certain not to have had an effect, so even a message may go out once more. */
async function sendWithToken(
  send: (accessToken: string) => Promise<Answer>,
  { accessTokens, clock, deadlineAtMs }: ClientOptions,
): Promise<Answer> {
  const token = await beforehand(accessTokens().current(deadlineAtMs))
  const answer = await send(token.value)
  if (!answer.json || !isTokenErrcode(errcodeOf(answer.json))) return answer

  const late = () => new Problem('UPSTREAM_TIMEOUT')
  await beforehand(withinDeadline(accessTokens().invalidate(token), clock, deadlineAtMs, late))
  // Once and no more, even with the same token: WeChat now and then refuses one that lives.
  const next = await beforehand(accessTokens().current(deadlineAtMs))
  return send(next.value)
}

/** What WeChat says to the fetch of a token it has not said to the request. */
const beforehand = <T>(step: Promise<T>): Promise<T> =>
  step.catch((thrown: unknown) => {
    if (!(thrown instanceof Problem)) throw thrown
    throw new Problem(thrown.code, { ...thrown.options, isBeforehand: true })
  })

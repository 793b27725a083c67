import { isJsonObject } from '../../core/json.ts'
import { type Answer, type Channel, ExchangeFailure } from '../../wechat/channel.ts'
import type { AnyEndpoint, EndpointRequest, WechatJson } from '../../wechat/endpoint.ts'
import type { WxServerSdk } from './sdk.ts'
import { within } from './within.ts'

/**
 * Reaches WeChat through CloudBase, which signs for the mini program: no secret, no token, no IP whitelist.
 *
 * The SDK throws what HTTPS answers inside a 200, so a thrown errcode is an answer here too.
 */
export const createCloudCallChannel = (loadSdk: () => Promise<WxServerSdk>): Channel => ({
  needsAccessToken: false,

  async exchange({ endpoint, request, timeoutMs }) {
    const [category = '', method = ''] = endpoint.cloudCall?.split('.') ?? []
    const api = (await loadSdk()).openapi({ convertCase: false })
    const call = api[category]?.[method]
    if (!call) return { json: { errCode: -604100, errMsg: `no cloud call ${endpoint.cloudCall}` } }

    return readAnswer(endpoint, await within(timeoutMs, call(parametersOf(request)).catch(readRefusal)))
  },
})

const parametersOf = ({ query, body, upload }: EndpointRequest): object => ({
  ...query,
  ...body,
  ...(upload && { [upload.partName]: { contentType: upload.contentType, value: Buffer.from(upload.bytes) } }),
})

/** `errCode` −1 without a `rid` comes from the SDK itself: it hides whether anything was sent. */
function readRefusal(thrown: unknown): unknown {
  const { errCode, errMsg } = Object(thrown) as { errCode?: unknown; errMsg?: unknown }
  const isOfSdk = errCode === -1 && !/\brid:/.test(String(errMsg))
  if (typeof errCode !== 'number' || isOfSdk)
    throw new ExchangeFailure('unreachable', true, 'the cloud call failed in the SDK')

  return { errCode, errMsg }
}

function readAnswer(endpoint: AnyEndpoint, answer: unknown): Answer {
  if (!isJsonObject(answer)) throw new ExchangeFailure('unreadable', true, 'the cloud call answered nothing')
  if (!Buffer.isBuffer(answer.buffer)) return { json: withPlainNumbers(answer) }
  if (!endpoint.isImage?.(answer.buffer)) throw new ExchangeFailure('unreadable', true, 'not an image')

  return { image: answer.buffer }
}

/** The SDK makes objects of numbers that a JavaScript number cannot hold. Here they are texts, as over HTTPS. */
const withPlainNumbers = (json: WechatJson): WechatJson => JSON.parse(JSON.stringify(json))

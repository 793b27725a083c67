import { type Credentials, signTc3 } from './signTc3.ts'

const TIMEOUT_MS = 15_000
const VERSION = '2018-06-08'

/** One call of Tencent Cloud's management API for CloudBase: from its parameters to its `Response`. */
export type CloudApi = (action: string, parameters: object) => Promise<Readonly<Record<string, unknown>>>

/** What Tencent Cloud refused to do, or did otherwise than it was asked to. */
export class CloudApiError extends Error {
  override readonly name = 'CloudApiError'
}

export type CloudApiOptions = {
  readonly endpoint: URL
  /** `ap-shanghai` */
  readonly region: string
  readonly credentials: Credentials
}

/** @throws CloudApiError naming the action, Tencent's code and its request id; Error where no such answer came */
export const createCloudApi =
  ({ endpoint, region, credentials }: CloudApiOptions): CloudApi =>
  async (action, parameters) => {
    const body = JSON.stringify(parameters)
    const call = { service: 'tcb', host: endpoint.host, action, body }
    const { status, text } = await fetch(new URL('/', endpoint), {
      method: 'POST',
      headers: {
        ...signTc3(call, credentials, Date.now()),
        'x-tc-version': VERSION,
        'x-tc-region': region,
      },
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
      .then(async (response) => ({ status: response.status, text: await response.text() }))
      .catch((thrown: Error) => {
        throw new Error(`${endpoint.host} does not answer: ${String(thrown.cause ?? thrown)}`)
      })
    const answer = readAnswer(text)
    if (!answer)
      throw new Error(`${endpoint.host} answers ${action} with status ${status} and no JSON of Tencent's`)

    const { Error: refusal, RequestId } = answer
    if (refusal)
      throw new CloudApiError(`${action}: ${refusal.Code}: ${refusal.Message} (request ${RequestId})`)

    return answer
  }

type Answer = Readonly<Record<string, unknown>> & {
  readonly Error?: { readonly Code: string; readonly Message: string }
}

function readAnswer(text: string): Answer | undefined {
  try {
    return (JSON.parse(text) as { Response?: Answer }).Response
  } catch {
    return undefined
  }
}

import type { Environment } from '../../core/config.ts'
import { Problem } from '../../core/problem.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Random } from '../../ports/random.ts'
import { type HttpResponse, type Transport, TransportFailure } from '../../ports/transport.ts'
import { readAwsSettings } from './awsSettings.ts'
import { type Fault, readFault } from './fault.ts'
import type { Item } from './item.ts'
import { signedRequest } from './signedRequest.ts'

const ATTEMPT_TIMEOUT_MS = 1000
const MAX_REPEATS = 2
const FIRST_PAUSE_MS = 50
/** An item has at most 400 KB; the rest is for escapes. */
const MAX_RESPONSE_BYTES = 1024 * 1024

export type ClientOptions = {
  /** Read anew for every request: credentials change under a living process. */
  readonly environment: Environment
  readonly clock: Clock
  readonly random: Random
  readonly transport: Transport
}

type Output = { readonly Item?: Item }

/** What became of a call. */
export type Answer =
  | { readonly kind: 'done'; readonly output: Output }
  /** `isRepeat`: an earlier attempt failed, and may have done what was asked all the same. */
  | { readonly kind: 'conditionFailed'; readonly isRepeat: boolean }

export interface DynamoDbClient {
  /** @throws Problem `STATE_UNAVAILABLE`, or `CONFIG_ERROR` for the table, the region or the credentials */
  call(operation: 'GetItem' | 'PutItem', input: object, deadlineAtMs: number): Promise<Answer>
}

/**
 * As much of a DynamoDB client as one table with conditional writes needs. AWS’s own costs 330 KB and most
 * of a cold function’s load time.
 */
export function createDynamoDbClient({
  environment,
  clock,
  random,
  transport,
}: ClientOptions): DynamoDbClient {
  return {
    async call(operation, input, deadlineAtMs) {
      const body = JSON.stringify(input)
      for (let repeat = 0; ; repeat++) {
        const attempt = await tryOnce(operation, body, deadlineAtMs - clock.nowMs())
        if (attempt.kind === 'done') return attempt
        if (attempt.kind === 'conditionFailed') return { ...attempt, isRepeat: repeat > 0 }

        const pauseMs = random.fraction() * FIRST_PAUSE_MS * 2 ** repeat
        if (repeat === MAX_REPEATS || clock.nowMs() + pauseMs >= deadlineAtMs) {
          throw new Problem('STATE_UNAVAILABLE', { detail: `${operation}: ${attempt.name}` })
        }
        await clock.sleep(pauseMs)
      }
    },
  }

  async function tryOnce(operation: string, body: string, remainingMs: number): Promise<Attempt> {
    if (remainingMs <= 0) return { kind: 'passing', name: 'no time left' }

    const request = signedRequest(operation, body, readAwsSettings(environment), clock.nowMs())
    const timeoutMs = Math.min(ATTEMPT_TIMEOUT_MS, remainingMs)
    try {
      return readAnswer(await transport.send({ ...request, timeoutMs, maxResponseBytes: MAX_RESPONSE_BYTES }))
    } catch (thrown) {
      if (thrown instanceof TransportFailure) return { kind: 'passing', name: thrown.message }
      throw thrown
    }
  }
}

type Attempt = { readonly kind: 'done'; readonly output: Output } | Exclude<Fault, { kind: 'lasting' }>

function readAnswer(response: HttpResponse): Attempt {
  if (response.status === 200) {
    const output = parseOutput(response.body)
    return output ? { kind: 'done', output } : { kind: 'passing', name: 'an answer that is no JSON' }
  }
  const fault = readFault(response)
  if (fault.kind === 'lasting') throw fault.problem

  return fault
}

function parseOutput(body: Buffer): Output | undefined {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}

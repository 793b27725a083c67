import type { Environment } from '../../core/config.ts'
import type { Clock } from '../../ports/clock.ts'
import { type Transport, TransportFailure } from '../../ports/transport.ts'
import { PassingFault } from '../conditionalStore.ts'
import { readAwsSettings } from './awsSettings.ts'
import { readFault } from './fault.ts'
import type { Item } from './item.ts'
import { signedRequest } from './signedRequest.ts'

/** An item has at most 400 KB; the rest is for escapes. */
const MAX_RESPONSE_BYTES = 1024 * 1024

export type ClientOptions = {
  /** Read anew for every request: credentials change under a living process. */
  readonly environment: Environment
  readonly clock: Clock
  readonly transport: Transport
}

type Output = { readonly Item?: Item }

export interface DynamoDbClient {
  /**
   * One request.
   *
   * @throws `PassingFault` where another request may do better, and Problem `STATE_UNAVAILABLE`, or
   * `CONFIG_ERROR` for the table, the region or the credentials
   */
  call(
    operation: 'GetItem' | 'PutItem',
    input: object,
    timeoutMs: number,
  ): Promise<Output | 'conditionFailed'>
}

/**
 * As much of a DynamoDB client as one table with conditional writes needs. AWS’s own costs 330 KB and most
 * of a cold function’s load time.
 */
export function createDynamoDbClient({ environment, clock, transport }: ClientOptions): DynamoDbClient {
  return {
    async call(operation, input, timeoutMs) {
      const request = signedRequest(
        operation,
        JSON.stringify(input),
        readAwsSettings(environment),
        clock.nowMs(),
      )
      const response = await transport
        .send({ ...request, timeoutMs, maxResponseBytes: MAX_RESPONSE_BYTES })
        .catch((thrown: unknown) => {
          throw thrown instanceof TransportFailure ? passing(operation, thrown.message) : thrown
        })
      if (response.status === 200) {
        const output = parseOutput(response.body)
        if (!output) throw passing(operation, 'an answer that is no JSON')

        return output
      }
      const fault = readFault(response)
      if (fault.kind === 'conditionFailed') return 'conditionFailed'

      throw fault.kind === 'passing' ? passing(operation, fault.name) : fault.problem
    },
  }
}

const passing = (operation: string, name: string) => new PassingFault(`${operation}: ${name}`)

function parseOutput(body: Buffer): Output | undefined {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}

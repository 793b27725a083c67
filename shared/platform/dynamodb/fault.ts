import { configProblem, Problem } from '../../core/problem.ts'
import type { HttpResponse } from '../../ports/transport.ts'

/** Another attempt may do better. */
const PASSING = new Set([
  'ThrottlingException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'InternalServerError',
])

const CREDENTIAL_FAULTS: Readonly<Record<string, string>> = {
  AccessDeniedException: 'do not allow GetItem and PutItem on STATE_TABLE',
  ExpiredTokenException: 'have expired',
  IncompleteSignatureException: 'are malformed',
  InvalidSignatureException: 'have a wrong secret key, or the clock is off',
  MissingAuthenticationTokenException: 'are malformed',
  UnrecognizedClientException: 'are not known to AWS',
}

const TABLE_FAULTS: Readonly<Record<string, string>> = {
  ResourceNotFoundException: 'names a table that does not exist in this region and account',
  // All that varies in our requests are plain strings, so it is the table that differs.
  ValidationException: 'names a table whose key is not the string pk',
}

/**
 * What DynamoDB means by an answer other than 200.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
 */
export type Fault =
  | { readonly kind: 'conditionFailed' }
  | { readonly kind: 'passing'; readonly name: string }
  | { readonly kind: 'lasting'; readonly problem: Problem }

export function readFault({ status, body }: HttpResponse): Fault {
  const name = faultName(body) ?? `HTTP ${status}`
  if (name === 'ConditionalCheckFailedException') return { kind: 'conditionFailed' }
  if (status >= 500 || PASSING.has(name)) return { kind: 'passing', name }

  return { kind: 'lasting', problem: toProblem(name) }
}

function toProblem(name: string): Problem {
  const credentialFault = CREDENTIAL_FAULTS[name]
  if (credentialFault) return configProblem('AWS credentials', credentialFault)

  const tableFault = TABLE_FAULTS[name]
  return tableFault
    ? configProblem('STATE_TABLE', tableFault)
    : new Problem('STATE_UNAVAILABLE', { detail: name })
}

/** `{"__type": "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException", …}` */
const faultName = (body: Buffer): string | undefined =>
  /"__type"\s*:\s*"(?:[\w.]*#)?(\w{1,100})"/.exec(body.toString('utf8'))?.[1]

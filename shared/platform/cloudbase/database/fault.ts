import { configProblem, Problem } from '../../../core/problem.ts'
import { PassingFault } from '../../conditionalStore.ts'

/** Another try may do better. */
const PASSING = new Set([
  'DATABASE_REQUEST_FAILED',
  'EXCEED_CONCURRENT_REQUEST_LIMIT',
  'EXCEED_RATELIMIT',
  'EXCEED_REQUEST_LIMIT',
  'SERVER_TIMEOUT',
  'SYS_ERR',
])

const CREDENTIAL_FAULTS: Readonly<Record<string, string>> = {
  AUTHENTICATION_FAILED: 'are not accepted',
  DATABASE_PERMISSION_DENIED: 'do not allow reading and writing the collection STATE_TABLE',
  INVALID_CREDENTIALS: 'are not accepted',
  MISSING_CREDENTIALS: 'are missing',
  PERMISSION_DENIED: 'do not allow reading and writing the collection STATE_TABLE',
  SIGN_PARAM_INVALID: 'have a wrong secret key, or the clock is off',
}

const ENVIRONMENT_FAULTS: Readonly<Record<string, string>> = {
  INVALID_ENV: 'names an environment that does not exist in this account',
  INVALID_ENV_STATUS: 'names an environment that is not in service',
  RESOURCE_NOT_INITIAL: 'names an environment that has no database yet',
}

/**
 * What a failed request to the database means to the store. Of the SDK's errors only the code is used: their
 * messages may hold addresses and data.
 *
 * @see https://docs.cloudbase.net/error-code/basic
 */
export function toFault(operation: string, thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown

  const name = nameOf(thrown)
  if (isPassing(name)) return new PassingFault(`${operation}: ${name}`)

  const credentialFault = CREDENTIAL_FAULTS[name]
  if (credentialFault) return configProblem('TENCENTCLOUD credentials', credentialFault)

  const environmentFault = ENVIRONMENT_FAULTS[name]
  if (environmentFault) return configProblem('TCB_ENV', environmentFault)

  return name === 'DATABASE_COLLECTION_NOT_EXIST'
    ? configProblem('STATE_TABLE', 'names a collection that does not exist: create it in the environment')
    : new Problem('STATE_UNAVAILABLE', { detail: `${operation}: ${name}` })
}

/** CloudBase has no code for a key that is taken: it tells it in MongoDB's words. */
export const isDuplicateKey = (thrown: unknown): boolean =>
  thrown instanceof Error && /\bE11000\b/.test(thrown.message)

/** The code of CloudBase, of HTTP or of the network. */
function nameOf(thrown: unknown): string {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined
  if (typeof code === 'number') return `HTTP ${code}`

  return typeof code === 'string' && /^\w{1,100}$/.test(code) ? code : 'an answer that makes no sense'
}

const isPassing = (name: string): boolean =>
  PASSING.has(name) ||
  /^HTTP (429|5\d\d)$/.test(name) ||
  // The network's own codes: ECONNRESET, ESOCKETTIMEDOUT, EAI_AGAIN …
  /^E(?!XCEED)[A-Z_0-9]+$/.test(name) ||
  name === 'an answer that makes no sense'

/** What a problem code means to a caller: the HTTP status, whether trying again can help, and what to do. */
type ProblemKind = { readonly status: number; readonly retryable?: true; readonly message: string }

/** The closed table of everything a call can fail with. */
export const PROBLEMS = {
  INVALID_ARGUMENT: { status: 400, message: 'An input field is missing, unknown or malformed.' },
  PAYLOAD_TOO_LARGE: { status: 413, message: 'The input is too large or too deeply nested.' },
  UNAUTHENTICATED: { status: 401, message: 'Log in first and send the token as Authorization: Bearer.' },
  SESSION_EXPIRED: { status: 401, message: 'The session has ended. Call wx.login and log in again.' },
  FORBIDDEN: { status: 403, message: 'This caller may not make this call.' },
  RISK_BLOCKED: { status: 403, message: 'WeChat blocks this user as high-risk.' },
  NOT_FOUND: { status: 404, message: 'There is nothing under this name.' },
  METHOD_NOT_ALLOWED: { status: 405, message: 'Use POST with a JSON body.' },
  CODE_INVALID: { status: 400, message: 'WeChat does not know this code. Ask the client for a new one.' },
  CODE_USED: { status: 400, message: 'This code was used before. Ask the client for a new one.' },
  CODE_OUTCOME_UNKNOWN: {
    status: 504,
    message: 'The code was sent but WeChat gave no answer. Ask the client for a new code.',
  },
  DECRYPT_FAILED: {
    status: 400,
    message: 'The data does not belong to this session. Log in again before asking for it.',
  },
  OPEN_DATA_STALE: { status: 400, message: 'The open data is too old or from the future.' },
  OPEN_DATA_UNTRUSTED: { status: 403, message: 'WeChat did not vouch for this open data.' },
  BIOMETRIC_FAILED: {
    status: 403,
    message: 'The biometric result is not accepted. Start over with a new challenge.',
  },
  TEMPLATE_DATA_INVALID: { status: 400, message: 'A template value breaks the rule of its keyword type.' },
  PAGE_INVALID: { status: 400, message: 'The page is not a released page of this mini program.' },
  SCENE_INVALID: { status: 400, message: 'The scene is not one that WeChat accepts.' },
  USER_REFUSED: { status: 409, message: 'The user has not subscribed, or no grant is left.' },
  USER_NOT_RECENT: { status: 409, message: 'The user has not opened the mini program recently.' },
  MEDIA_UNSUPPORTED: { status: 400, message: 'The media type is not supported.' },
  MEDIA_CORRUPT: { status: 400, message: 'The media is damaged.' },
  MEDIA_TOO_LARGE: { status: 400, message: 'The media has too many bytes.' },
  MEDIA_DIMENSIONS: { status: 400, message: 'The image has too many pixels.' },
  MEDIA_URL_FORBIDDEN: { status: 400, message: 'The media URL must be https on an allowed public host.' },
  IN_PROGRESS: { status: 409, retryable: true, message: 'The same request is still running.' },
  IDEMPOTENCY_MISMATCH: { status: 422, message: 'This request key was used with another payload.' },
  OUTCOME_UNKNOWN: {
    status: 504,
    message: 'The request was sent but WeChat gave no answer. It is not sent again by itself.',
  },
  QUOTA_EXCEEDED: { status: 429, message: 'A quota is used up.' },
  RATE_LIMITED: { status: 429, retryable: true, message: 'Too many calls. Try again later.' },
  UPSTREAM_REJECTED: { status: 502, message: 'WeChat refused the request.' },
  UPSTREAM_BAD_RESPONSE: {
    status: 502,
    retryable: true,
    message: 'WeChat gave an answer that makes no sense.',
  },
  UPSTREAM_UNAVAILABLE: { status: 503, retryable: true, message: 'WeChat cannot be reached or is busy.' },
  UPSTREAM_TIMEOUT: { status: 504, retryable: true, message: 'WeChat did not answer in time.' },
  STATE_UNAVAILABLE: { status: 503, retryable: true, message: 'The state store cannot be reached.' },
  CONFIG_ERROR: { status: 500, message: 'The deployment is not configured correctly.' },
  INTERNAL: { status: 500, message: 'Something unforeseen happened. The log has the details.' },
} as const satisfies Record<string, ProblemKind>

export type ProblemCode = keyof typeof PROBLEMS

const kindOf = (code: ProblemCode): ProblemKind => PROBLEMS[code]

/** What is left of WeChat's own answer in a reply: the number and the request id to look it up with. */
export type UpstreamTrace = { readonly errcode: number; readonly rid?: string }

type ProblemOptions = {
  /** Replaces the table's message where a caller needs to hear more. Never holds a value the caller did not send. */
  readonly message?: string
  /** The dotted path of the input field at fault. */
  readonly field?: string
  /** Which of several causes it is, where they look alike from outside. */
  readonly reason?: string
  readonly retryAfterMs?: number
  readonly upstream?: UpstreamTrace
  /** For the log alone. */
  readonly detail?: string
  /** It came up on the way to the request itself, which was certainly not sent. */
  readonly isBeforehand?: true
}

/** The only failure that is expected. Whatever else is thrown becomes `INTERNAL`. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: ProblemCode
  readonly options: ProblemOptions

  constructor(code: ProblemCode, options: ProblemOptions = {}) {
    super(options.message ?? PROBLEMS[code].message)
    this.code = code
    this.options = options
  }

  get retryable(): boolean {
    return kindOf(this.code).retryable ?? false
  }
}

/** The deployment lacks a variable or a WeChat setting: names it, never its value. */
export const configProblem = (name: string, fault: string, upstream?: UpstreamTrace): Problem =>
  new Problem('CONFIG_ERROR', { message: `${name} ${fault}.`, ...(upstream && { upstream }) })

const MAX_FIELD_LENGTH = 200

/** An input field is at fault. Its name may be a client's own invention, so it is cut to a reasonable length. */
export function invalidArgument(path: string, reason: string): Problem {
  const field = path.slice(0, MAX_FIELD_LENGTH)
  return new Problem('INVALID_ARGUMENT', {
    message: field ? `${field}: ${reason}.` : `${reason}.`,
    reason,
    ...(field && { field }),
  })
}

const TOKEN_ERRCODES: ReadonlySet<unknown> = new Set([40001, 40014, 42001])

/** WeChat refused the access token (replaced, expired or never one), and with it nothing else of the request. */
export const isTokenErrcode = (errcode: number | undefined): boolean => TOKEN_ERRCODES.has(errcode)

import { makeDashedId } from './dashedId.ts'

/** A refusal as WeChat words it: an errcode and a text, delivered inside HTTP 200. */
export class ApiError extends Error {
  readonly errcode: number
  readonly errmsg: string

  constructor(errcode: number, errmsg: string) {
    super(`${errcode} ${errmsg}`)
    this.name = 'ApiError'
    this.errcode = errcode
    this.errmsg = errmsg
  }
}

/** The JSON of a refusal. Its text ends in a request id, as every WeChat error does. */
export function toErrorJson({ errcode, errmsg }: { errcode: number; errmsg: string }) {
  return { errcode, errmsg: `${errmsg} rid: ${makeDashedId()}` }
}

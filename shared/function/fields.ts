import * as z from 'zod/mini'

type TextRule = {
  /** In UTF-16 units; texts whose length has a code of its own leave it out. */
  readonly maxLength?: number
  /** What the whole text must look like. */
  readonly pattern?: RegExp
}

/** A text that is not empty. */
export const text = ({ maxLength = Number.POSITIVE_INFINITY, pattern }: TextRule = {}) =>
  z.string().check(
    requires((value: string) => {
      if (value === '') return 'is empty'
      if (value.length > maxLength) return `is over its maximum of ${maxLength} characters`
      return pattern && !pattern.test(value) ? 'is malformed' : undefined
    }),
  )

/** An integer of a range, both ends included. */
export const integer = (minimum: number, maximum: number) =>
  z.number().check(
    requires((value: number) => {
      if (!Number.isInteger(value)) return 'must be an integer'
      return value < minimum || value > maximum ? `must be from ${minimum} to ${maximum}` : undefined
    }),
  )

/** An id as WeChat makes them: an openid, a template id. */
export const wechatId = () => text({ pattern: /^[A-Za-z0-9_-]+$/, maxLength: 128 })

/** What makes two requests the same one: the caller's own name for it. */
export const requestKey = () => text({ pattern: /^[\x21-\x7e]+$/, maxLength: 128 })

/** A one-time code as a client API hands it out. */
export const oneTimeCode = (maxLength: number) => text({ pattern: /^[A-Za-z0-9._~+/=:-]+$/, maxLength })

/**
 * One check that names its fault. A third of the size of the library's own checks, which a function pays for
 * at every cold start.
 */
const requires = <T>(faultOf: (value: T) => string | undefined) =>
  z.check<T>(({ value, issues }) => {
    const fault = faultOf(value)
    if (fault) issues.push({ code: 'custom', message: fault, input: value, path: [] })
  })

import type { Template } from './templates.ts'

export type Grants = ReturnType<typeof createGrants>

/** What each user still allows to be sent, by template. */
export function createGrants() {
  const sendsLeft = new Map<string, number>()
  const keyOf = (openid: string, templateId: string) => `${openid} ${templateId}`
  const left = (openid: string, templateId: string) => sendsLeft.get(keyOf(openid, templateId)) ?? 0

  return {
    /** One more consent: one more send, or any number when the template is a long-term one. */
    add(openid: string, { id, kind }: Template): void {
      const more = kind === 'longTerm' ? Number.POSITIVE_INFINITY : 1
      sendsLeft.set(keyOf(openid, id), left(openid, id) + more)
    },

    /** The user takes every consent back. */
    withdraw(openid: string, { id }: Template): void {
      sendsLeft.delete(keyOf(openid, id))
    },

    /** Uses up one consent; false when there is none. */
    spend(openid: string, { id }: Template): boolean {
      const sends = left(openid, id)
      if (sends > 0) sendsLeft.set(keyOf(openid, id), sends - 1)
      return sends > 0
    },

    /** How many sends the user allows; `Infinity` for a long-term consent. */
    left,
  }
}

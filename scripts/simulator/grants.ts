import type { Template } from './templates.ts'

export type Grants = ReturnType<typeof createGrants>

/** What each user still allows to be sent, by template. */
export function createGrants() {
  const sendsLeft = new Map<string, number>()
  const keyOf = (openid: string, template: Template) => `${openid} ${template.id}`

  return {
    /** One more consent: one more send, or any number when the template is a long-term one. */
    add(openid: string, template: Template): void {
      const key = keyOf(openid, template)
      const more = template.kind === 'longTerm' ? Number.POSITIVE_INFINITY : 1
      sendsLeft.set(key, (sendsLeft.get(key) ?? 0) + more)
    },

    /** The user withdraws the long-term consent; one-time consents already given stay. */
    withdraw(openid: string, template: Template): void {
      if (template.kind === 'longTerm') sendsLeft.delete(keyOf(openid, template))
    },

    /** Uses up one consent; false when there is none. */
    spend(openid: string, template: Template): boolean {
      const key = keyOf(openid, template)
      const left = sendsLeft.get(key) ?? 0
      if (left > 0) sendsLeft.set(key, left - 1)
      return left > 0
    },
  }
}

import { randomBytes } from 'node:crypto'

const LIFE_MS = 300_000

export type OneTimeCodes<Subject> = ReturnType<typeof createOneTimeCodes<Subject>>

/** Codes that a phone hands out and a server may exchange once, within five minutes. */
export function createOneTimeCodes<Subject>(nowMs: () => number) {
  const codes = new Map<string, { subject: Subject; expiresAtMs: number; used: boolean }>()

  return {
    issue(subject: Subject): string {
      const code = randomBytes(16).toString('hex')
      codes.set(code, { subject, expiresAtMs: nowMs() + LIFE_MS, used: false })
      return code
    },

    /** Whom a code stands for while it can be exchanged, otherwise why it cannot. */
    look(code: string): { readonly subject: Subject } | 'unknown' | 'used' {
      const found = codes.get(code)
      if (found?.used) return 'used'
      return found && nowMs() < found.expiresAtMs ? { subject: found.subject } : 'unknown'
    },

    spend(code: string): void {
      const found = codes.get(code)
      if (found) found.used = true
    },
  }
}

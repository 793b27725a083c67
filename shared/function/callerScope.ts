import { sha256Base64Url } from '../core/digest.ts'
import type { Caller } from './caller.ts'

/** A name for a caller's own key, which no other caller's key can equal. */
export const callerScope = (caller: Caller, key: string): string =>
  sha256Base64Url(JSON.stringify([caller.kind, caller.kind === 'user' ? caller.openid : '', key]))

import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'
import { hmacSha256 } from './digest.ts'
import type { Secret } from './secret.ts'

const VERSION = 'v1'
const NONCE_BYTES = 12
const TAG_BYTES = 16

type Key = { readonly id: string; readonly material: Secret }

/** The keys of `STATE_KEYS`: the first seals and signs, all open and verify. */
export class KeyRing {
  readonly #keys: readonly Key[]
  readonly #derived = new Map<string, Buffer>()

  /** @param keys at least one, each with 32 bytes of material in base64 */
  constructor(keys: readonly [Key, ...Key[]]) {
    this.#keys = keys
  }

  get current(): string {
    return this.#keys[0]?.id ?? ''
  }

  has(id: string): boolean {
    return this.#keys.some((key) => key.id === id)
  }

  /** A 32-byte key for one purpose (HKDF-SHA-256, RFC 5869), so that no key serves two. */
  derive(id: string, purpose: string): Buffer {
    const name = `${id} ${purpose}`
    const known = this.#derived.get(name)
    if (known) return known

    const key = this.#keys.find((candidate) => candidate.id === id)
    if (!key) throw new RangeError('unknown key id')

    const material = Buffer.from(key.material.reveal(), 'base64')
    const derived = Buffer.from(hkdfSync('sha256', material, '', `weapp-functions ${purpose}`, 32))
    this.#derived.set(name, derived)
    return derived
  }

  /** A pseudonym that only holders of the current key can link to the value, for logs. */
  pseudonym(value: string): string {
    return hmacSha256(this.derive(this.current, 'log'), value).toString('base64url').slice(0, 16)
  }
}

const associatedData = (keyId: string, place: string): Buffer => Buffer.from(`${VERSION}\n${keyId}\n${place}`)

/**
 * Encrypts a text so that it can be read back only at its own place (AES-256-GCM, NIST SP 800-38D).
 *
 * The place (a record's full name) is authenticated but not stored: a sealed text copied to another
 * record does not open there.
 *
 * @param nonce 12 random bytes, fresh for every call
 */
export function seal(plaintext: string, place: string, keys: KeyRing, nonce: Uint8Array): string {
  const keyId = keys.current
  const cipher = createCipheriv('aes-256-gcm', keys.derive(keyId, 'seal'), nonce)
  cipher.setAAD(associatedData(keyId, place))
  const body = Buffer.concat([nonce, cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()])

  return `${VERSION}.${keyId}.${body.toString('base64url')}`
}

/** Opens what `seal` made. `undefined` when the key is retired, or a byte or the place is not the original. */
export function unseal(sealed: string, place: string, keys: KeyRing): string | undefined {
  const [version, keyId, body, ...rest] = sealed.split('.')
  if (version !== VERSION || !keyId || !body || rest.length > 0 || !keys.has(keyId)) return undefined

  const bytes = Buffer.from(body, 'base64url')
  if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined

  const decipher = createDecipheriv(
    'aes-256-gcm',
    keys.derive(keyId, 'seal'),
    bytes.subarray(0, NONCE_BYTES),
    {
      authTagLength: TAG_BYTES,
    },
  )
  decipher.setAAD(associatedData(keyId, place))
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
  try {
    return (
      decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
    )
  } catch {
    return undefined
  }
}

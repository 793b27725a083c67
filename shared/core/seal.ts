import { decryptAes256Gcm, encryptAes256Gcm, NONCE_BYTES } from './aesGcm.ts'
import { hkdfSha256, hmacSha256 } from './digest.ts'
import type { Secret } from './secret.ts'

const VERSION = 'v1'
const KEY_BYTES = 32

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

  /** A 32-byte key for one purpose, so that no key serves two. */
  derive(id: string, purpose: string): Buffer {
    const name = `${id} ${purpose}`
    const known = this.#derived.get(name)
    if (known) return known

    const key = this.#keys.find((candidate) => candidate.id === id)
    if (!key) throw new RangeError('unknown key id')

    const material = Buffer.from(key.material.reveal(), 'base64')
    const derived = hkdfSha256(material, `weapp-functions ${purpose}`, KEY_BYTES)
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
 * Encrypts a text so that it can be read back only at its own place.
 *
 * The place (a record's full name) is authenticated but not stored: a sealed text copied to another
 * record does not open there.
 *
 * @param nonce 12 random bytes, fresh for every call
 */
export function seal(plaintext: string, place: string, keys: KeyRing, nonce: Uint8Array): string {
  const keyId = keys.current
  const key = keys.derive(keyId, 'seal')
  const sealed = encryptAes256Gcm(Buffer.from(plaintext), {
    key,
    nonce,
    associatedData: associatedData(keyId, place),
  })
  return `${VERSION}.${keyId}.${Buffer.concat([nonce, sealed]).toString('base64url')}`
}

/** Opens what `seal` made. `undefined` when the key is retired, or a character or the place is not the original. */
export function unseal(sealed: string, place: string, keys: KeyRing): string | undefined {
  const [version, keyId, body, ...rest] = sealed.split('.')
  if (version !== VERSION || !keyId || !body || rest.length > 0 || !keys.has(keyId)) return undefined

  const bytes = Buffer.from(body, 'base64url')
  // The runtime's decoder passes over what is not base64url, so one record could have many texts.
  if (bytes.length < NONCE_BYTES || bytes.toString('base64url') !== body) return undefined

  const key = keys.derive(keyId, 'seal')
  const nonce = bytes.subarray(0, NONCE_BYTES)
  const parameters = { key, nonce, associatedData: associatedData(keyId, place) }
  return decryptAes256Gcm(bytes.subarray(NONCE_BYTES), parameters)?.toString('utf8')
}

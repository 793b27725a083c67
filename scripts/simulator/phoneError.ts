/** What the person holding the phone cannot do right now, with what to do about it. */
export class PhoneError extends Error {
  override readonly name = 'PhoneError'
}

/**
 * The ways in which a secret may show in a text: as it is, escaped, in hex, and in base64, where it looks
 * different at each of three positions.
 */
export function secretForms(secret: string): readonly string[] {
  const bytes = Buffer.from(secret)
  const base64 = [0, 1, 2].flatMap((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64')
    // What begins and what ends with a part of another byte depends on the neighbours.
    const core = text.slice(offset === 0 ? 0 : offset + 1, -4)
    return [core, core.replaceAll('+', '-').replaceAll('/', '_')]
  })
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    ...base64,
  ]
}

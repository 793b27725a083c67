/** The port that a variable names. @throws RangeError in one clear line */
export function readPort(variable: 'PORT' | 'SIMULATOR_PORT', fallback: number): number {
  const text = process.env[variable]?.trim()
  if (!text) return fallback
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw new RangeError(`${variable} must be a port from 0 to 65535.`)

  return Number(text)
}

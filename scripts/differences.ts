/**
 * How two values of JSON differ, one line for each place: `- functions.login.timeout: 20` for what is
 * written and `+ …` for what should be. Lists of named things are compared by name.
 */
export function differences(written: unknown, expected: unknown, path: string): readonly string[] {
  const before = childrenOf(written)
  const after = childrenOf(expected)
  if (before && after) {
    const keys = new Set([...before.keys(), ...after.keys()])
    return [...keys].flatMap((key) => differences(before.get(key), after.get(key), `${path}.${key}`))
  }
  const [old, now] = [JSON.stringify(written), JSON.stringify(expected)]
  if (old === now) return []

  return [...(old ? [`- ${path}: ${shorten(old)}`] : []), ...(now ? [`+ ${path}: ${shorten(now)}`] : [])]
}

function childrenOf(value: unknown): ReadonlyMap<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (!Array.isArray(value)) return new Map(Object.entries(value))

  return new Map(value.map((item, index) => [String(item?.name ?? index), item]))
}

const MAX_LENGTH = 90

const shorten = (text: string): string => (text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text)

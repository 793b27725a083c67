import { codeOf, require } from './history.ts'
import { APP_SECRET, type World } from './world.ts'

/** For what is due at one and the same moment. */
const ROUNDING_MS = 1

type Secrets = {
  /** What shows nowhere. */
  readonly everywhere: readonly string[]
  /** What only the reply shows that hands it out. */
  readonly outsideReplies?: readonly string[]
}

/**
 * Checks what holds for every call, whatever it is about.
 *
 * @throws Violation
 */
export function checkCalls({ history }: World, { everywhere, outsideReplies = [] }: Secrets): void {
  const { calls, strikes, logLines, writes } = history
  for (const { id, instance, deadlineAtMs, endedAtMs, reply } of calls) {
    require(codeOf(reply) !== 'INTERNAL', 'no call meets the unforeseen', () =>
      `call ${id}: ${logLines.at(-1)}`)
    if (instance.isDead) continue

    const freezes = strikes.filter((strike) => strike.instance === instance)
    const thawedAtMs = freezes.reduce(
      (latestMs, { atMs, untilMs }) => (atMs <= latestMs ? Math.max(latestMs, untilMs) : latestMs),
      deadlineAtMs,
    )
    const latestMs = thawedAtMs + ROUNDING_MS
    require(endedAtMs !== undefined && endedAtMs <= latestMs, 'I7 every call ends by its deadline', () =>
      `call ${id} of ${instance.name} ${endedAtMs === undefined ? 'never ended' : `ended ${endedAtMs - latestMs} ms late`}`)
  }
  const kept = [...logLines, ...writes.map(({ key, body }) => `${key} ${body}`)].join('\n')
  const said = calls.map(({ reply }) => JSON.stringify(reply)).join('\n')
  const shown = [APP_SECRET, ...everywhere].filter((secret) => kept.includes(secret) || said.includes(secret))
  const leaked = [...shown, ...outsideReplies.filter((secret) => kept.includes(secret))]
  require(leaked.length === 0, 'I10 secrets show nowhere', () => `${leaked[0]?.slice(0, 4)}...`)
}

/** Whoever code runs for. What befalls it decides whether and when its events reach it. */
export type Actor = {
  readonly name: string
  isDead: boolean
  frozenUntilMs: number
  /** Hears of each event that is about to reach it, which is where it can be struck. */
  readonly onEvent: () => void
}

/** Picks one of `count` things that could happen next. */
export type Choose = (count: number) => number

export type Scheduler = ReturnType<typeof createScheduler>

type Event = { readonly atMs: number; readonly run: () => void; readonly actor: Actor | undefined }

const MAX_EVENTS = 50_000

/**
 * Virtual time. Events happen one at a time, earliest first; of those that are due at the same moment, `choose`
 * picks. Between two events all code runs on until it waits for another event.
 *
 * @param tickMs how long an event takes, so that what is due at one moment still has an order in time
 */
export function createScheduler(startMs: number, choose: Choose, tickMs = 0) {
  /** Latest first, so that the next event is taken from the end. */
  const queue: Event[] = []
  const cancelled = new WeakSet<Event>()
  let nowMs = startMs

  function insert(event: Event): void {
    let [low, high] = [0, queue.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((queue[middle] as Event).atMs > event.atMs) low = middle + 1
      else high = middle
    }
    queue.splice(low, 0, event)
  }

  function take(): Event | undefined {
    while (queue.length > 0 && cancelled.has(queue.at(-1) as Event)) queue.pop()
    const first = queue.at(-1)
    if (!first) return undefined

    const dueMs = Math.max(first.atMs, nowMs)
    const start = queue.findIndex(({ atMs }) => atMs <= dueMs)
    const due = queue.slice(start).filter((event) => !cancelled.has(event))
    const taken = due[due.length === 1 ? 0 : choose(due.length)] ?? first
    queue.splice(queue.indexOf(taken, start), 1)
    return taken
  }

  return {
    nowMs: (): number => nowMs,

    /** Has something happen later: to an actor, who may be frozen or dead by then, or out in the world. */
    after(delayMs: number, run: () => void, actor?: Actor): () => void {
      const event = { atMs: nowMs + Math.max(0, delayMs), run, actor }
      insert(event)
      return () => cancelled.add(event)
    },

    /** Lets everything happen that is due up to `untilMs`. @throws Error when there is no end to it */
    async run(untilMs = Number.POSITIVE_INFINITY): Promise<void> {
      for (let events = 0; events < MAX_EVENTS; events++) {
        await settled()
        const event = take()
        if (!event) return
        if (event.atMs > untilMs) return insert(event)

        nowMs = Math.max(nowMs, event.atMs) + tickMs
        const { actor } = event
        actor?.onEvent()
        if (actor?.isDead) continue
        if (actor && actor.frozenUntilMs > nowMs) insert({ ...event, atMs: actor.frozenUntilMs })
        else event.run()
      }
      throw new Error(`no end after ${MAX_EVENTS} events`)
    },
  }
}

/** A tick that is asked for in a microtask comes after all microtasks, without a turn of the event loop. */
const settled = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve))

export type AskedRequest = {
  readonly method: string
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  /** The body as UTF-8 text, exactly as sent. */
  readonly body: string
  /** By the simulator's clock. */
  readonly atMs: number
}

export type Journal = ReturnType<typeof createJournal>

/** Keeps what was asked, what took effect, and which effects the caller was told of in full. */
export function createJournal() {
  const asked: AskedRequest[] = []
  const accepted = new Map<string, number>()
  const answered = new Map<string, number>()
  const increment = (counts: Map<string, number>, path: string) =>
    counts.set(path, (counts.get(path) ?? 0) + 1)

  return {
    noteAsked: (request: AskedRequest) => void asked.push(request),
    noteAccepted: (path: string) => void increment(accepted, path),
    noteAnswered: (path: string) => void increment(answered, path),
    accepted: (path: string) => accepted.get(path) ?? 0,
    answered: (path: string) => answered.get(path) ?? 0,
    requests: (path?: string): readonly AskedRequest[] =>
      asked.filter((request) => path === undefined || request.path === path),
  }
}

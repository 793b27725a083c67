export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const

export type LogLevel = (typeof LOG_LEVELS)[number]

/** One structured line. Values are plain data: nothing in it needs redaction, because secrets are `Secret`s. */
export type LogEntry = Readonly<Record<string, unknown>>

/** Where log lines go. */
export interface Log {
  write(level: Exclude<LogLevel, 'silent'>, entry: LogEntry): void
}

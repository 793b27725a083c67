export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const

export type LogLevel = (typeof LOG_LEVELS)[number]

/** One structured line. It is built of chosen fields, so there is nothing in it to redact. */
export type LogEntry = Readonly<Record<string, unknown>>

/** Where log lines go. */
export interface Log {
  write(level: Exclude<LogLevel, 'silent'>, entry: LogEntry): void
}

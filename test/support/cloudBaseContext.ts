import type { CloudBaseContext } from '../../shared/platform/cloudbase/readContext.ts'

type Variables = Readonly<Record<string, string>>

/** The context of an invocation as newer runtimes give it. */
export const withEnvironment = (variables: Variables): CloudBaseContext => ({
  request_id: 'cloudbase-request',
  time_limit_in_ms: 10_000,
  environment: JSON.stringify(variables),
})

/** The same as older runtimes give it. */
export const withEnviron = (variables: Variables): CloudBaseContext => ({
  request_id: 'cloudbase-request',
  time_limit_in_ms: 10_000,
  environ: Object.entries(variables)
    .map(([name, value]) => `${name}=${value}`)
    .join(';'),
})

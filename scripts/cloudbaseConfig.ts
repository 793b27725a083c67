import { VARIABLES } from '../shared/core/config.ts'
import type { AnyFunction, Schedule } from '../shared/function/define.ts'
import { AWS_VARIABLES } from '../shared/platform/dynamodb/awsSettings.ts'
import type { AnyEndpoint } from '../shared/wechat/endpoint.ts'
import type { CloudBaseFunction } from './cloudbaseSchema.ts'
import { toCron } from './schedule.ts'

/** How the CloudBase CLI deploys a function: its entry under `functions` in cloudbaserc.json. */
export const toCloudBaseFunction = ({ name, timeoutSeconds, schedule }: AnyFunction): CloudBaseFunction => ({
  name,
  type: 'Event',
  handler: 'index.main',
  runtime: 'Nodejs20.19',
  timeout: timeoutSeconds,
  memorySize: 256,
  installDependency: false,
  // A variable that is not set becomes an empty text here, which Config takes for unset.
  // A deployment replaces all variables of a function, so those of a store elsewhere are among them.
  envVariables: Object.fromEntries(
    [...VARIABLES, ...AWS_VARIABLES].map((variable) => [variable, `{{env.${variable}}}`]),
  ),
  ...(schedule && { triggers: [toTrigger(schedule)] }),
})

/** `config.json` beside a function's code, from which WeChat's developer tools register its permissions. */
export const toConfigJson = (fn: AnyFunction) => ({
  permissions: { openapi: cloudCallsOf(fn) },
  ...(fn.schedule && { triggers: [toTrigger(fn.schedule)] }),
})

/** The cloud calls that a function declares, as CloudBase names their permissions. */
export const cloudCallsOf = ({ uses }: AnyFunction): readonly string[] => {
  const endpoints: readonly AnyEndpoint[] = Object.values(uses)
  return [...new Set(endpoints.flatMap(({ cloudCall }) => cloudCall ?? []))].sort()
}

const toTrigger = (schedule: Schedule) => ({
  name: `every${schedule.everyMinutes}Minutes`,
  type: 'timer' as const,
  config: toCron(schedule),
})

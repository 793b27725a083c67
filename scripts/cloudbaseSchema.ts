import * as z from 'zod'

const trigger = z.strictObject({
  name: z.string().regex(/^[A-Za-z][\w-]{0,59}$/),
  type: z.literal('timer'),
  config: z.string().regex(/^\S+( \S+){6}$/),
})

const cloudBaseFunction = z.strictObject({
  name: z.string().min(1).max(60),
  type: z.literal('Event'),
  handler: z.literal('index.main'),
  runtime: z.enum(['Nodejs20.19', 'Nodejs22.21', 'Nodejs24.11']),
  timeout: z.int().min(1).max(60),
  memorySize: z.literal([128, 256, 512, 1024, 2048]),
  installDependency: z.literal(false),
  envVariables: z.record(z.string(), z.string()),
  triggers: z.array(trigger).length(1).optional(),
})

/** One entry under `functions` in cloudbaserc.json. */
export type CloudBaseFunction = z.infer<typeof cloudBaseFunction>

/**
 * What `tcb fn deploy` reads of cloudbaserc.json, narrowed to what this project deploys.
 *
 * The schema that the CLI carries is older than the CLI: it knows neither Node 20 nor `installDependency`.
 * A key that the CLI does not read would be a setting that silently has no effect, so none is allowed.
 */
export const cloudBaseConfig = z.strictObject({
  version: z.literal('2.0'),
  envId: z.string().min(1),
  functionRoot: z.literal('dist/cloudbase'),
  functions: z.array(cloudBaseFunction),
})

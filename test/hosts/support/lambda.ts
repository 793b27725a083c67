import { join } from 'node:path'
import { ROOT } from '../../../scripts/projectRoot.ts'
import { type Child, startNode } from './child.ts'
import { startRuntimeApi } from './runtimeApi.ts'

/** AWS's own runtime clients: what the managed runtimes up to nodejs22.x behave like, and nodejs24.x. */
export const RUNTIMES = {
  'aws-lambda-ric 3.3.0': join(ROOT, 'node_modules/aws-lambda-ric/bin/index.mjs'),
  'aws-lambda-ric 4.0.2': join(ROOT, 'node_modules/aws-lambda-ric-24/index.mjs'),
} as const

export type RuntimeName = keyof typeof RUNTIMES

export type Lambda = {
  /** Invokes the handler; rejects when an error left it. `timeoutMs` is what Lambda would let the call run. */
  invoke(event: unknown, timeoutMs?: number): Promise<unknown>
  readonly initErrors: readonly unknown[]
  /** What it has logged so far. */
  readonly output: string
  readonly exited: Child['exited']
  readonly signal: Child['signal']
  close(): Promise<void>
}

const STAND_IN = join(import.meta.dirname, 'ricStandIn.cjs')

/** Starts the `index.handler` of a folder in one process, which then answers one invocation after the other. */
export async function startLambda(
  runtime: RuntimeName,
  folder: string,
  environment: Readonly<Record<string, string>>,
): Promise<Lambda> {
  const api = await startRuntimeApi()
  const child = startNode(['--require', STAND_IN, RUNTIMES[runtime], 'index.handler'], {
    cwd: folder,
    environment: {
      ...environment,
      AWS_LAMBDA_RUNTIME_API: api.address,
      AWS_LAMBDA_FUNCTION_NAME: 'f',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/f',
      AWS_LAMBDA_LOG_STREAM_NAME: 'stream',
      LAMBDA_TASK_ROOT: folder,
      _HANDLER: 'index.handler',
    },
  })
  child.exited.then((how) => api.fail(new Error(`the runtime ended with ${how}:\n${child.output}`)))

  return {
    invoke: (event, timeoutMs = 10_000) => api.invoke(event, timeoutMs),
    initErrors: api.initErrors,
    get output() {
      return child.output
    },
    exited: child.exited,
    signal: child.signal,
    async close() {
      await child.stop()
      await api.close()
    },
  }
}

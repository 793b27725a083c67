import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from '../../../scripts/projectRoot.ts'
import { startNode } from './child.ts'
import { freePorts } from './freePorts.ts'

export type ServerlessOffline = {
  /** The HTTP API. */
  readonly url: string
  /** Lambda's own API, for direct invocations. */
  readonly lambdaUrl: string
  close(): Promise<void>
}

/**
 * Serves the project's serverless.yml from the packaged zips.
 *
 * Two things are changed in a copy of it: the plugin is added, and the table's CloudFormation reference, which only a
 * deployment can resolve, becomes its name.
 */
export async function startServerlessOffline(
  artifacts: string,
  environment: Readonly<Record<string, string>>,
): Promise<ServerlessOffline> {
  const service = await mkdtemp(join(tmpdir(), 'serverless-offline-'))
  const home = join(service, 'home')
  const config = await readFile(join(ROOT, 'serverless.yml'), 'utf8')
  await Promise.all([
    mkdir(home),
    symlink(join(ROOT, 'node_modules'), join(service, 'node_modules')),
    symlink(artifacts, join(service, 'dist')),
    writeFile(
      join(service, 'serverless.yml'),
      `${config.replace('!Ref StateTable', environment.STATE_TABLE ?? '')}\nplugins: [serverless-offline]\n`,
    ),
  ])
  const [httpPort, lambdaPort] = await freePorts(2)
  const ports = ['--httpPort', String(httpPort), '--lambdaPort', String(lambdaPort)]
  const options = ['--host', '127.0.0.1', '--noPrependStageInUrl', '--localEnvironment']
  const child = startNode(
    [join(ROOT, 'node_modules/osls/bin/serverless.js'), 'offline', ...ports, ...options],
    { cwd: service, environment: { ...environment, HOME: home } },
  )
  await child.printed(/Server ready/)

  return {
    url: `http://127.0.0.1:${httpPort}`,
    lambdaUrl: `http://127.0.0.1:${lambdaPort}/2015-03-31/functions/weapp-functions-dev`,
    async close() {
      await child.stop()
      await rm(service, { recursive: true })
    },
  }
}

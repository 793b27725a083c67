import { randomBytes } from 'node:crypto'
import { discoverFunctions } from './functions.ts'
import { type LocalServer, startLocalServer } from './localServer.ts'
import type { PushTarget } from './simulator/push/pushTarget.ts'
import { type Simulator, startSimulator } from './simulator/simulator.ts'
import { DEFAULT_TEMPLATES } from './simulator/templates.ts'
import { startStateTable } from './stateTable.ts'

/** A whole deployment on one machine: the functions, a state store, and a WeChat to talk to. */
export type LocalDeployment = {
  readonly url: string
  readonly serverKey: string
  /** Absent when the functions talk to the real WeChat. */
  readonly simulator?: Simulator
  /** Builds the functions again. The state and the simulated WeChat stay as they are. */
  restart(): Promise<void>
  close(): Promise<void>
}

export type LocalDeploymentOptions = {
  /** Variables that are set win, except over where the things are that the deployment starts itself. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly port: number
  readonly simulatorPort: number
  readonly output?: 'inherit' | 'ignore'
}

/** The mini program that the simulated WeChat knows, unless the environment names one. */
const SIMULATED_APP = { appId: 'wx5e1fde9e2d6b8c01', appSecret: 'simulated-app-secret' } as const
/** Long enough to see a check pending. */
const JUDGE_MEDIA_AFTER_MS = 2000
const LOCAL_SERVER_KEY = 'local-server-key-for-this-machine-only'

/** A port that somebody else has. */
export class PortInUse extends Error {
  override readonly name = 'PortInUse'
  readonly variable: 'PORT' | 'SIMULATOR_PORT'

  constructor(variable: PortInUse['variable'], port: number) {
    super(`Port ${port} is in use. Set ${variable} to another one.`)
    this.variable = variable
  }
}

export async function startLocalDeployment(options: LocalDeploymentOptions): Promise<LocalDeployment> {
  const { environment, port, simulatorPort, output = 'inherit' } = options
  const opened: { close(): Promise<void> }[] = []
  const closeAll = async () => {
    for (const part of opened.reverse()) await part.close()
  }
  const open = async <T extends { close(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
    const part = await starting
    opened.push(part)
    return part
  }

  try {
    // Whoever starts hears of a faulty declaration in one clear line.
    await discoverFunctions()
    const isReal = Boolean(environment.WECHAT_APP_ID && environment.WECHAT_APP_SECRET)
    const simulator = isReal ? undefined : await open(startWechat(environment, simulatorPort))
    const pushKey = randomBytes(40).toString('hex').slice(0, 43)
    const stateTable = environment.STATE_STORE ? undefined : await open(startStateTable())
    const variables = {
      STATE_KEYS: `local:${randomBytes(32).toString('base64')}`,
      SERVER_KEY: LOCAL_SERVER_KEY,
      ...(simulator && { ...SIMULATED_ENVIRONMENT, WECHAT_PUSH_AES_KEY: pushKey }),
      ...onlySet(environment),
      ...stateTable?.environment,
      ...(simulator && { WECHAT_API_BASE_URL: simulator.url }),
    }
    const server = await open(startServer({ port, environment: variables, output }))
    simulator?.pushTo(toPushTarget(server.url, variables))
    return {
      url: server.url,
      serverKey: variables.SERVER_KEY,
      ...(simulator && { simulator }),
      restart: server.restart,
      close: closeAll,
    }
  } catch (error) {
    await closeAll()
    throw error
  }
}

const SIMULATED_ENVIRONMENT = {
  WECHAT_APP_ID: SIMULATED_APP.appId,
  WECHAT_APP_SECRET: SIMULATED_APP.appSecret,
  WECHAT_SUBSCRIBE_TEMPLATES: DEFAULT_TEMPLATES.map(({ id }) => id).join(','),
  WECHAT_LONG_TERM_TEMPLATES: DEFAULT_TEMPLATES.filter(({ kind }) => kind === 'longTerm')
    .map(({ id }) => id)
    .join(','),
  WECHAT_PUSH_TOKEN: 'localPushToken',
}

/** Where the simulated WeChat tells what users do, as its console would be set. */
const toPushTarget = (
  url: string,
  { WECHAT_PUSH_TOKEN = '', WECHAT_PUSH_AES_KEY = '', WECHAT_PUSH_MODE }: Readonly<Record<string, string>>,
): PushTarget => ({
  url: `${url}/receiveMessage`,
  token: WECHAT_PUSH_TOKEN,
  aesKey: WECHAT_PUSH_AES_KEY.split(',')[0] ?? '',
  mode: WECHAT_PUSH_MODE === 'plain' ? 'plain' : 'encrypted',
})

/** A variable that is set to nothing is not set. */
const onlySet = (environment: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => Boolean(entry[1])),
  )

/** A mini program of which only the half is set is simulated under what is set. */
const startWechat = (environment: LocalDeploymentOptions['environment'], port: number): Promise<Simulator> =>
  startSimulator({
    appId: environment.WECHAT_APP_ID || SIMULATED_APP.appId,
    appSecret: environment.WECHAT_APP_SECRET || SIMULATED_APP.appSecret,
    judgeMediaAfterMs: JUDGE_MEDIA_AFTER_MS,
    port,
  }).catch(namePort('SIMULATOR_PORT', port))

const startServer = (options: Parameters<typeof startLocalServer>[0]): Promise<LocalServer> =>
  startLocalServer(options).catch(namePort('PORT', options.port))

const namePort = (variable: PortInUse['variable'], port: number) => (error: NodeJS.ErrnoException) => {
  throw error.code === 'EADDRINUSE' ? new PortInUse(variable, port) : error
}

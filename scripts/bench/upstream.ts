import { type Call, cloudBaseCalls } from './calls.ts'
import type { Deployment } from './deployment.ts'
import { type Aim, type Row, type Section, toCount } from './report.ts'
import { runProgram } from './runProgram.ts'

const TOKEN_PATH = '/cgi-bin/stable_token'

type Burst = {
  readonly name: string
  readonly calls: number
  readonly atATime: number
  readonly connectionsAim?: Aim
}

const BURSTS: readonly Burst[] = [
  { name: '200 calls, one after the other', calls: 200, atATime: 1, connectionsAim: { atMost: 2 } },
  { name: '200 calls, 20 at a time', calls: 200, atATime: 20 },
  { name: '100 calls at once, cold', calls: 100, atATime: 100 },
]

/** How an instance deals with WeChat when it is asked for much. */
export async function measureUpstream(deployment: Deployment): Promise<Section> {
  const call = cloudBaseCalls(deployment.phone).checkContent
  const rows: Row[] = []
  for (const burst of BURSTS) rows.push(await measure(burst, call, deployment))

  return {
    title: '8. Calls that ask WeChat (checkContent), one new instance each time',
    columns: ['connections opened', 'access tokens fetched', 'good answers'],
    rows,
  }
}

async function measure(burst: Burst, call: Call, deployment: Deployment): Promise<Row> {
  const { simulator, environment, fileOnCloudBase } = deployment
  const { name, calls, atATime, connectionsAim } = burst
  const tokenFetches = () => simulator.requests(TOKEN_PATH).length
  const before = { connections: simulator.connections, tokens: tokenFetches() }

  const { event, context } = call
  const task = { file: fileOnCloudBase(call.name), event, context, calls, atATime }
  const { result } = await runProgram('manyCalls', task, environment)
  const good = result.replies.filter((reply) => JSON.stringify(reply).includes(call.answer))

  return {
    name,
    cells: [
      toCount(simulator.connections - before.connections, connectionsAim),
      toCount(tokenFetches() - before.tokens, { atMost: 1 }),
      toCount(good.length, { atLeast: calls }),
    ],
  }
}

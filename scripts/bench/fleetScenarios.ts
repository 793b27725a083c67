import { setTimeout as sleep } from 'node:timers/promises'
import type { Environment } from '../../shared/core/config.ts'
import type { FleetContender } from './fleetContenders.ts'
import { createFleetWorld, type FleetInstance, type FleetWorld } from './fleetWorld.ts'

export type FleetScenario = {
  readonly name: string
  readonly instances: number
  /** Of each instance. */
  readonly calls: number
  /** How many of them it makes at a time; all at once unless told otherwise. */
  readonly atATime?: number
  /** What happens besides: half-way the token dies; the same calls once more when six minutes have passed. */
  readonly incident?: 'the token dies' | 'six minutes later'
  /** Whether the state is in DynamoDB, which those without state have no use for. */
  readonly inDynamoDb?: true
  /** How many tokens have to be fetched. */
  readonly tokensNeeded: number
}

export type FleetOutcome = {
  readonly fetches: number
  readonly failed: number
  readonly callMs: readonly number[]
  /** Of the instance that read the store most often. */
  readonly mostReads: number | undefined
}

export const FLEET_SCENARIOS: readonly FleetScenario[] = [
  { name: '10 instances, 1 call each, cold', instances: 10, calls: 1, tokensNeeded: 1 },
  { name: '1 instance, 100 calls at once, cold', instances: 1, calls: 100, tokensNeeded: 1 },
  { name: '10 instances, 100 calls each, cold', instances: 10, calls: 100, tokensNeeded: 1 },
  { name: '100 instances, 10 calls each, cold', instances: 100, calls: 10, tokensNeeded: 1 },
  { name: '1000 instances, 1 call each, cold', instances: 1000, calls: 1, tokensNeeded: 1 },
  {
    name: '20 instances, 5 calls each, cold, DynamoDB',
    instances: 20,
    calls: 5,
    inDynamoDb: true,
    tokensNeeded: 1,
  },
  {
    name: '10 instances, 100 calls each, 10 at a time; half-way the token dies',
    instances: 10,
    calls: 100,
    atATime: 10,
    incident: 'the token dies',
    tokensNeeded: 2,
  },
  {
    name: '10 instances, 10 calls each, cold, and six minutes later again',
    instances: 10,
    calls: 10,
    incident: 'six minutes later',
    tokensNeeded: 1,
  },
]

const CHECK = '/wxa/msg_sec_check'
const SIX_MINUTES_MS = 360_000
const POLL_MS = 2

/** What becomes of a contender in a scenario; nothing where it has no part in it. */
export async function measureScenario(
  scenario: FleetScenario,
  contender: FleetContender,
  dynamoDb: Environment,
): Promise<FleetOutcome | undefined> {
  if (scenario.inDynamoDb && !contender.isOurs) return undefined

  const world = await createFleetWorld()
  try {
    const state = scenario.inDynamoDb ? dynamoDb : {}
    const instances = Array.from({ length: scenario.instances }, () => contender.start(world, state))
    const calls = await makeCalls(scenario, instances, world)
    const reads = instances.flatMap(({ storeCounts }) => storeCounts?.reads ?? [])
    const isCounted = contender.isOurs && !scenario.inDynamoDb

    return {
      fetches: world.simulator.requests().filter(({ path }) => path !== CHECK).length,
      failed: calls.filter(({ isGood }) => !isGood).length,
      callMs: calls.map(({ durationMs }) => durationMs),
      mostReads: isCounted ? Math.max(...reads) : undefined,
    }
  } finally {
    await world.close()
  }
}

type Called = { readonly isGood: boolean; readonly durationMs: number }

async function makeCalls(
  scenario: FleetScenario,
  instances: readonly FleetInstance[],
  world: FleetWorld,
): Promise<readonly Called[]> {
  const calling = callAll(scenario, instances)
  if (scenario.incident === 'the token dies') {
    const half = (scenario.instances * scenario.calls) / 2
    while (world.simulator.requests(CHECK).length < half) await sleep(POLL_MS)
    world.simulator.killAccessTokens()
  }
  const called = await calling
  if (scenario.incident !== 'six minutes later') return called

  world.advance(SIX_MINUTES_MS)
  return [...called, ...(await callAll(scenario, instances))]
}

async function callAll(
  { calls, atATime = calls }: FleetScenario,
  instances: readonly FleetInstance[],
): Promise<readonly Called[]> {
  const called: Called[] = []

  async function callInTurn(instance: FleetInstance, times: number): Promise<void> {
    for (let call = 0; call < times; call++) {
      const startedAtMs = performance.now()
      const isGood = await instance.call()
      called.push({ isGood, durationMs: performance.now() - startedAtMs })
    }
  }

  await Promise.all(
    instances.flatMap((instance) =>
      Array.from({ length: atATime }, () => callInTurn(instance, calls / atATime)),
    ),
  )
  return called
}

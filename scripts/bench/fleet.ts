import type { Deployment } from './deployment.ts'
import { FLEET_CONTENDERS, FLEET_NOTES, type FleetContender } from './fleetContenders.ts'
import { FLEET_SCENARIOS, type FleetOutcome, type FleetScenario, measureScenario } from './fleetScenarios.ts'
import { STORE_MS, WECHAT_MS } from './fleetWorld.ts'
import { type Figure, type Section, toCount } from './report.ts'
import { quantileOf } from './statistics.ts'

/** How many instances share one account's access token, and what it costs them when they do not. */
export async function measureFleet({ dynamoDb }: Deployment): Promise<readonly Section[]> {
  // The first to run would pay for code that the others find compiled.
  for (const contender of FLEET_CONTENDERS) await measureScenario(WARM_UP, contender, dynamoDb)

  const outcomes = new Map<FleetScenario, Map<FleetContender, FleetOutcome | undefined>>()
  for (const scenario of FLEET_SCENARIOS) {
    const row = new Map<FleetContender, FleetOutcome | undefined>()
    for (const contender of FLEET_CONTENDERS)
      row.set(contender, await measureScenario(scenario, contender, dynamoDb))
    outcomes.set(scenario, row)
  }

  const toSection = ({ title, notes = [], contenders = FLEET_CONTENDERS, toFigure }: Table): Section => ({
    title,
    notes,
    columns: contenders.map(({ name }) => name),
    rows: FLEET_SCENARIOS.map((scenario) => ({
      name: scenario.name,
      cells: contenders.map((contender) => {
        const outcome = outcomes.get(scenario)?.get(contender)
        return outcome && toFigure(outcome, contender, scenario)
      }),
    })),
  })
  return TABLES.map(toSection)
}

const WARM_UP: FleetScenario = { name: 'warm-up', instances: 50, calls: 10, tokensNeeded: 1 }

type Table = Pick<Section, 'title' | 'notes'> & {
  /** All of them unless told otherwise. */
  readonly contenders?: readonly FleetContender[]
  toFigure(outcome: FleetOutcome, contender: FleetContender, scenario: FleetScenario): Figure | undefined
}

const TABLES: readonly Table[] = [
  {
    title: '9. Many instances: access tokens fetched',
    notes: FLEET_NOTES,
    toFigure: ({ fetches }, { isOurs }, { tokensNeeded }) =>
      toCount(fetches, isOurs ? { atMost: tokensNeeded } : undefined),
  },
  {
    title: '10. Many instances: calls that failed',
    toFigure: ({ failed }, { isOurs }) => toCount(failed, isOurs ? { atMost: 0 } : undefined),
  },
  {
    title: '11. Many instances: what 99 of 100 calls take at most, ms',
    notes: [
      `WeChat answers after ${WECHAT_MS} ms and the store after ${STORE_MS} (DynamoDB here at once). The rest is waiting, and`,
      'this machine: instances, WeChat and store share one process.',
    ],
    toFigure: ({ callMs }) => ({ value: quantileOf(callMs, 0.99), digits: 0 }),
  },
  {
    title: '12. Many instances: reads of the store by the busiest one',
    contenders: FLEET_CONTENDERS.filter(({ isOurs }) => isOurs),
    toFigure: ({ mostReads }) => (mostReads === undefined ? undefined : toCount(mostReads)),
  },
]

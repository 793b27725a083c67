import { type Call, cloudBaseCalls, lambdaCalls } from './calls.ts'
import { compareWarm } from './compareWarm.ts'
import type { Deployment } from './deployment.ts'
import type { Aim, Row, Section } from './report.ts'

const MAX_OVERHEAD: Aim = { atMost: 50 }

/** What a call costs in a warm instance beyond a bare handler that returns the same object. */
export async function measureWarmCall(deployment: Deployment): Promise<Section> {
  const { phone, fileOnCloudBase, fileOnLambda } = deployment
  const onCloudBase = cloudBaseCalls(phone)
  const onLambda = lambdaCalls(phone)
  const cases: readonly (readonly [name: string, call: Call, fileOf: (name: string) => string])[] = [
    ['CloudBase: login without a code', onCloudBase.login, fileOnCloudBase],
    ['CloudBase: a message of 4 values, refused', onCloudBase.refusedMessage, fileOnCloudBase],
    ['Lambda: login without a code, refused', onLambda.refusedLogin, fileOnLambda],
    ['Lambda: a message of 4 values, refused', onLambda.refusedMessage, fileOnLambda],
  ]
  const rows: Row[] = []
  for (const [name, { answer, event, context, ...call }, fileOf] of cases) {
    for (const [LOG_LEVEL, log] of LOGS) {
      const environment = { ...deployment.environment, LOG_LEVEL }
      const task = { file: fileOf(call.name), event, context }
      const { ours, bare } = await compareWarm(task, answer, environment)
      rows.push({
        name: `${name}, ${log}`,
        cells: [
          { value: ours.median, spread: ours },
          { value: bare.median, digits: 2 },
          { value: ours.median - bare.median, aim: MAX_OVERHEAD },
        ],
      })
    }
  }
  return {
    title: '4. A warm call that needs neither state nor WeChat',
    columns: ['ours, µs', 'bare handler, µs', 'overhead, µs'],
    rows,
  }
}

const LOGS = [
  ['silent', 'no log'],
  ['info', 'one log line to /dev/null'],
] as const

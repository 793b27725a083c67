import { startCountedDeployment } from './countedDeployment.ts'
import type { StoreCounts } from './countedStore.ts'
import { type Aim, type Section, toCount } from './report.ts'
import type { StoreCase } from './storeCase.ts'
import { STORE_CASES, type StoreCaseName } from './storeCases.ts'

/** What every call asks of the state store. */
export async function measureStoreOperations(): Promise<Section> {
  const rows = await Promise.all(
    Object.entries<StoreCase>(STORE_CASES).map(async ([name, { aims }]) => {
      const { reads, writes, deletes } = await countStoreOperations(name as StoreCaseName)
      return {
        name,
        cells: [toCount(reads, atMost(aims?.reads)), toCount(writes, atMost(aims?.writes)), toCount(deletes)],
      }
    }),
  )
  return {
    title: '13. Operations of the state store in one call',
    notes: ['The instance has an access token already, unless the line says otherwise.'],
    columns: ['reads', 'writes', 'deletions'],
    rows,
  }
}

/** Makes the call of a case in a deployment of its own, and counts. */
export async function countStoreOperations(name: StoreCaseName): Promise<StoreCounts> {
  const { environment, isCold, failsWith = 'OK', prepare }: StoreCase = STORE_CASES[name]
  const deployment = await startCountedDeployment(environment)
  try {
    if (!isCold) await deployment.warmUp()
    const call = await prepare(deployment)
    const before = { ...deployment.storeCounts }
    const reply = await call()
    const code = reply.ok ? 'OK' : reply.error.code
    if (code !== failsWith) throw new Error(`${name}: ${code} in place of ${failsWith}`)

    const { reads, writes, deletes } = deployment.storeCounts
    return {
      reads: reads - before.reads,
      writes: writes - before.writes,
      deletes: deletes - before.deletes,
    }
  } finally {
    await deployment.close()
  }
}

const atMost = (limit: number | undefined): Aim | undefined =>
  limit === undefined ? undefined : { atMost: limit }

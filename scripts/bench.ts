import { availableParallelism, loadavg } from 'node:os'
import { measureColdStart } from './bench/coldStart.ts'
import { measureDecryption } from './bench/decryption.ts'
import { type Deployment, startDeployment } from './bench/deployment.ts'
import { measureFleet } from './bench/fleet.ts'
import { measurePushProtocol } from './bench/pushProtocol.ts'
import { missedAims, type Section, toText } from './bench/report.ts'
import { measureSize } from './bench/size.ts'
import { measureSlowStore } from './bench/slowStore.ts'
import { measureStoreOperations } from './bench/storeOperations.ts'
import { measureUpstream } from './bench/upstream.ts'
import { measureWarmCall } from './bench/warmCall.ts'
import { runCommand } from './command.ts'

/**
 * Measures what is deployed against what would be there without it, and prints both side by side.
 *
 * Times depend on the machine, so this says where an aim is missed and never fails for it.
 */
async function bench(): Promise<void> {
  const startedAtMs = performance.now()
  const loadAtStart = loadOf()
  console.log(`Node ${process.version}, ${availableParallelism()} cores. KB are 1024 bytes.`)
  const deployment = await startDeployment()
  try {
    const missed: string[] = []
    for (const measure of MEASURES) {
      for (const section of await measure(deployment)) {
        console.log(`\n${toText(section)}`)
        missed.push(...missedAims(section))
      }
    }
    const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(0)
    const verdict = missed.length === 0 ? 'Every aim is met.' : `Aims missed: ${missed.length}`
    console.log(['', verdict, ...missed.map((line) => `  ${line}`), `Measured in ${seconds} s.`].join('\n'))
    if (Math.max(loadAtStart, loadOf()) > availableParallelism()) console.log(BUSY)
  } finally {
    await deployment.close()
  }
}

const loadOf = (): number => loadavg()[0] ?? 0

const BUSY = 'The machine had other work than this: trust the shares and ratios, and measure the times again.'

const MEASURES: readonly ((deployment: Deployment) => Promise<readonly Section[]>)[] = [
  async (deployment) => [measureSize(deployment)],
  measureColdStart,
  async (deployment) => [await measureWarmCall(deployment)],
  async (deployment) => [await measureDecryption(deployment)],
  async (deployment) => [await measurePushProtocol(deployment)],
  async () => [await measureSlowStore()],
  async (deployment) => [await measureUpstream(deployment)],
  measureFleet,
  async () => [await measureStoreOperations()],
]

await runCommand(import.meta.filename, bench)

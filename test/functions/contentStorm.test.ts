import { describe, expect, test } from 'vitest'
import checkContent from '../../functions/checkContent/index.ts'
import getContentResult from '../../functions/getContentResult/index.ts'
import receiveMessage from '../../functions/receiveMessage/index.ts'
import type { AnyFunction, OutputOf } from '../../shared/function/define.ts'
import { invoke } from '../../shared/function/invoke.ts'
import type { Reply } from '../../shared/function/reply.ts'
import type { Runtime } from '../../shared/function/runtime.ts'
import { toCloudBase } from '../../shared/platform/cloudbase/adapter.ts'
import type { Effects } from '../../shared/platform/createRuntime.ts'
import { promptRandom } from '../support/promptRandom.ts'
import { createStoppable } from '../support/stoppable.ts'
import { createWorld, dataOf, type World } from '../support/world.ts'

const SUBMIT = '/wxa/media_check_async'
const MEDIA = { type: 'image', scene: 1, mediaUrl: 'https://cdn.example.com/a.png' }
/** Beyond every lease: that of a submission, and that of the access token. */
const BEYOND_LEASES_MS = 60_000
const TIMEOUT_MS = 60_000

/** When WeChat pushes its verdict. */
const ORDERS = ['while its job is submitted', 'after it was submitted', 'after it was asked for'] as const
type Order = (typeof ORDERS)[number]

/** Judges whatever was submitted. The first job passes and a second does not, so that nobody can mistake them. */
function createJudge({ simulator }: World) {
  const verdicts = new Map<string, 'pass' | 'risky'>()

  return {
    verdicts: verdicts as ReadonlyMap<string, string>,

    async judge(): Promise<void> {
      for (const { traceId } of simulator.mediaJobs.filter((job) => !verdicts.has(job.traceId))) {
        const suggest = verdicts.size === 0 ? 'pass' : 'risky'
        verdicts.set(traceId, suggest)
        simulator.judgeMedia(traceId, { suggest })
      }
      await simulator.pushesDone()
    },
  }
}

/** Runs functions in a process that lives, and one of them for the first time in one that stops at its n-th point. */
function createProcesses(
  world: World,
  { mortal, n, change }: { mortal: AnyFunction; n: number; change(effects: Effects): Partial<Effects> },
) {
  const process = createStoppable(n)
  const living = world.boot(change)
  const dying = world.boot((effects) => process.wrap({ ...effects, ...change(effects) }))
  let isRun = false

  return {
    thaw: process.thaw,
    stoppedAt: () => process.stoppedAt,

    /** What comes of it; `undefined` when the process stopped. */
    async run<T>(fn: AnyFunction, work: (runtime: Runtime) => Promise<T>): Promise<T | undefined> {
      if (fn !== mortal || isRun) return work(living)

      isRun = true
      return Promise.race([work(dying), process.stopped.then(() => undefined)])
    },
  }
}

/** A job from its submission until its verdict was told. Others do again what a dead process has left. */
async function runJob(order: Order, mortal: AnyFunction, n: number) {
  const world = await createWorld({ effects: { random: promptRandom } })
  const { simulator } = world
  const { judge, verdicts } = createJudge(world)
  const processes = createProcesses(world, {
    mortal,
    n,
    change: ({ transport: { send } }) => ({
      transport: {
        async send(request) {
          const response = await send(request)
          if (order === 'while its job is submitted' && request.url.includes(SUBMIT)) await judge()
          return response
        },
      },
    }),
  })
  simulator.pushTo({
    async deliver(message) {
      const answer = await processes.run(receiveMessage, (runtime) =>
        toCloudBase(receiveMessage, () => runtime)(message),
      )
      if (answer === undefined) throw new Error('the process stopped')
      return answer
    },
  })
  simulator.phone('alice').login()
  const origin = world.wechatUser('alice')

  /** The platform repeats the same invocation when the process stopped. */
  async function call<F extends AnyFunction>(fn: F, input: object): Promise<OutputOf<F>> {
    const once = () =>
      processes.run(fn, (runtime) =>
        invoke(fn, { origin, input: { value: input }, requestId: 'request-1' }, runtime),
      )
    const reply = await once()
    if (!reply) world.clock.advance(BEYOND_LEASES_MS)
    return dataOf((reply ?? (await once())) as Reply<OutputOf<F>>)
  }

  const { traceId = '' } = await call(checkContent, MEDIA)
  const ask = async () => (await call(getContentResult, { traceId })).suggest
  const toldBefore = order === 'after it was asked for' ? await ask() : 'pending'
  await judge()
  const told = [await ask(), await ask()]
  processes.thaw()
  await new Promise(setImmediate)

  return {
    stoppedAt: processes.stoppedAt(),
    told: [toldBefore, ...told, await ask()],
    verdict: verdicts.get(traceId),
    jobs: simulator.mediaJobs.length,
    pushes: simulator.pushes,
  }
}

describe.each(ORDERS)('media whose verdict comes %s', (order) => {
  test.each([
    [checkContent, [`after send ${SUBMIT}`, 'before putIfAbsent mediaJob', 'after compareAndSet effect']],
    [receiveMessage, ['before putIfAbsent mediaVerdict', 'after putIfAbsent mediaVerdict']],
    [getContentResult, ['before get mediaJob', 'after get mediaVerdict']],
  ])(
    'are told that very verdict, wherever the process of $name is killed, and when it thaws',
    async (mortal, points) => {
      const stops: string[] = []
      for (;;) {
        const { stoppedAt, told, verdict, jobs, pushes } = await runJob(order, mortal, stops.length)
        expect([stoppedAt, ...told]).toEqual([stoppedAt, 'pending', verdict, verdict, verdict])
        expect([stoppedAt, verdict]).toEqual([stoppedAt, jobs === 1 ? 'pass' : 'risky'])
        expect(pushes.map(({ outcome }) => outcome)).toEqual(Array(jobs).fill('acknowledged'))
        if (stoppedAt === undefined) break
        stops.push(stoppedAt)
      }
      expect(stops).toEqual(expect.arrayContaining(points))
    },
    TIMEOUT_MS,
  )
})

import { uses } from '../../functions/receiveMessage/handlers.ts'
import { receiveMessageWith } from '../../functions/receiveMessage/receive.ts'
import { invoke } from '../../shared/function/invoke.ts'
import { createRuntime } from '../../shared/platform/createRuntime.ts'
import { createMemoryStore } from '../../shared/platform/memoryStore.ts'
import { systemClock } from '../../shared/platform/systemClock.ts'
import { systemRandom } from '../../shared/platform/systemRandom.ts'
import type { StateStore } from '../../shared/ports/stateStore.ts'
import { createEnvironment } from './deployment.ts'
import type { Aim, Row, Section } from './report.ts'

const LATENCIES_MS = [50, 200, 800]
/** WeChat wants to hear something within a second. */
const ANSWERED: Aim = { atMost: 1000 }

const EVENT = { ToUserName: 'gh_bench', FromUserName: 'oBench', MsgType: 'event' }
const TAP = {
  Event: 'subscribe_msg_popup_event',
  List: { TemplateId: 'bench-template', SubscribeStatusString: 'accept' },
}
const VERDICT = { Event: 'wxa_media_check', trace_id: 'bench', result: { suggest: 'pass', label: 100 } }
const TEXT = { MsgType: 'text', Content: 'hello', MsgId: '6972028683187026694' }

const CASES: readonly (readonly [name: string, message: object])[] = [
  ['a verdict', VERDICT],
  ['a tap, entered into the ledger or left in the inbox', TAP],
  ['a message with a handler that answers at once', TEXT],
]

/** How long a push waits for its answer when every operation of the store takes its time. */
export async function measureSlowStore(): Promise<Section> {
  const rows: Row[] = []
  for (const [name, message] of CASES) {
    const times = await Promise.all(LATENCIES_MS.map((latencyMs) => timeToAnswer(message, latencyMs)))
    rows.push({ name, cells: times.map((value) => ({ value, digits: 0, aim: ANSWERED })) })
  }
  const byHand = await Promise.all(LATENCIES_MS.map(timeByHand))
  rows.push({
    name: 'by hand: seen before? note it, read the count, write it',
    cells: byHand.map((value) => ({ value, digits: 0 })),
  })
  return {
    title: '7. The answer to a push over a slow store, in ms',
    columns: LATENCIES_MS.map((latencyMs) => `each operation ${latencyMs} ms`),
    rows,
  }
}

async function timeToAnswer(message: object, latencyMs: number): Promise<number> {
  const runtime = createRuntime({
    environment: { ...createEnvironment('http://127.0.0.1:1'), LOG_LEVEL: 'silent' },
    clock: systemClock,
    random: systemRandom,
    transport: { send: () => Promise.reject(new Error('nobody asks WeChat')) },
    log: { write: () => undefined },
    memoryStore: slowed(latencyMs),
  })
  const fn = receiveMessageWith(
    { text: async (_, { passiveReply }) => passiveReply({ MsgType: 'text' }) },
    uses,
  )
  const text = JSON.stringify({ ...EVENT, CreateTime: Math.floor(Date.now() / 1000), ...message })
  const startedAtMs = performance.now()
  const reply = await invoke(
    fn,
    { origin: { kind: 'push' }, input: { value: { message: { format: 'json', text } } }, requestId: 'r1' },
    runtime,
  )
  if (!reply.ok) throw new Error(`the push was not heard: ${reply.error.code}`)

  return performance.now() - startedAtMs
}

/** What a handler does that is written in an afternoon: two look-ups and two writes, one after the other. */
async function timeByHand(latencyMs: number): Promise<number> {
  const store = slowed(latencyMs)
  const record = { version: 'v1', body: '1' }
  const startedAtMs = performance.now()
  await store.get('seen')
  await store.putIfAbsent('seen', record)
  await store.get('count')
  await store.putIfAbsent('count', record)
  return performance.now() - startedAtMs
}

function slowed(latencyMs: number): StateStore {
  const store = createMemoryStore(systemClock)
  const late =
    <A extends readonly unknown[], R>(operation: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      await systemClock.sleep(latencyMs)
      return operation(...args)
    }
  return {
    get: late(store.get),
    putIfAbsent: late(store.putIfAbsent),
    compareAndSet: late(store.compareAndSet),
    deleteIf: late(store.deleteIf),
  }
}

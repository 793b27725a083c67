import type { Context } from '../../shared/function/define.ts'
import { isStoreAbsent, MAX_RECORD_LENGTH, type Slot } from '../../shared/state/records.ts'
import type { Code } from './code.ts'

/** There is no limit to unlimited codes, so an image that nobody asks for is not kept for ever. */
const KEEP_MS = 30 * 86_400_000

type State = Pick<Context, 'records' | 'clock'>

/** The cache saves a request. Without a store there is none, and the code is made all the same. */
export async function readCache(state: State, id: string): Promise<Slot<Code> | undefined> {
  try {
    return await state.records.read<Code>('qrCode', id)
  } catch (thrown) {
    return withoutStore(thrown)
  }
}

export async function writeCache({ records, clock }: State, slot: Slot<Code>, code: Code): Promise<void> {
  if ('imageBase64' in code && code.imageBase64.length > MAX_RECORD_LENGTH) return

  await records.write(slot, code, clock.nowMs() + KEEP_MS).catch(withoutStore)
}

function withoutStore(thrown: unknown): undefined {
  if (!isStoreAbsent(thrown)) throw thrown
}

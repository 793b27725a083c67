import { withinDeadline } from '../../../core/withinDeadline.ts'
import type { Clock } from '../../../ports/clock.ts'
import { type Expected, PassingFault, type Table } from '../../conditionalStore.ts'
import { type Database, loadNodeSdk } from '../nodeSdk.ts'
import { parseDocument, toFields } from './document.ts'
import { isDuplicateKey, toFault } from './fault.ts'

type Operation = 'add' | 'get' | 'update' | 'find' | 'remove'

/**
 * Records as documents `{_id: key, version, body, expiresAtMs}` of one collection of CloudBase's document
 * database. Each write changes at most one document, and the condition is part of it.
 */
export function createDocumentTable(name: string, clock: Clock): Required<Table> {
  async function request<T>(
    operation: Operation,
    timeoutMs: number,
    send: (collection: ReturnType<Database['collection']>, command: Database['command']) => Promise<T>,
  ): Promise<T> {
    const database = (await loadNodeSdk()).database()
    // The SDK's timeout is for silence on the socket, and leaves out what the SDK does before.
    const late = () => new PassingFault(`${operation}: no answer in time`)
    try {
      const sent = send(database.collection(name), database.command)
      return await withinDeadline(sent, clock, clock.nowMs() + timeoutMs, late)
    } catch (thrown) {
      throw toFault(operation, thrown)
    }
  }

  return {
    async read(key, timeoutMs) {
      const { data } = await request('get', timeoutMs, (collection) =>
        collection.where({ _id: key }).limit(1).get(),
      )
      return data.length > 0 ? parseDocument(data[0]) : undefined
    },

    insert: (key, record, timeoutMs) =>
      request('add', timeoutMs, (collection) =>
        collection.add({ _id: key, ...toFields(record) }).then(
          () => true,
          (thrown: unknown) => {
            if (isDuplicateKey(thrown)) return false
            throw thrown
          },
        ),
      ),

    async replace(key, expected, record, timeoutMs) {
      const { updated } = await request('update', timeoutMs, (collection, command) =>
        collection
          .where({ _id: key, ...toCondition(expected, command) })
          .options({ multiple: false })
          .update(toFields(record)),
      )
      return updated === 1
    },

    async sweep(endedByMs, limit, timeoutMs) {
      // A deletion's mark ended at minus the time of its making.
      const hasEnded = ({ and, gte, lte }: Database['command']) => and(gte(-endedByMs), lte(endedByMs))
      const { data } = await request('find', timeoutMs, (collection, command) =>
        collection
          .where({ expiresAtMs: hasEnded(command) })
          .field({ _id: true })
          .limit(limit)
          .get(),
      )
      const keys = data.map((document) => (document as { _id: string })._id)
      if (keys.length === 0) return 0

      // Asked again, because a key may have been taken anew meanwhile.
      const { deleted } = await request('remove', timeoutMs, (collection, command) =>
        collection.where({ _id: command.in(keys), expiresAtMs: hasEnded(command) }).remove(),
      )
      return deleted
    },
  }
}

const toCondition = ({ version, aliveAtMs }: Expected, { gt }: Database['command']) => ({
  version,
  ...(aliveAtMs !== undefined && { expiresAtMs: gt(aliveAtMs) }),
})

import { countGrants } from '../../../shared/core/grantsOfTemplate.ts'
import { grantsOf, hearNews, NO_GRANTS, type UserGrants } from '../../../shared/core/grantsOfUser.ts'
import { readInboxes, waitingIn } from '../../../shared/state/grantInbox.ts'
import { handleOf } from '../../../shared/state/sessionToken.ts'
import { TEMPLATE_ID, type World } from '../../support/world.ts'

/** How many messages Alice allows, as far as anybody can read: in the ledger, or waiting to be entered there. */
export async function countKnownGrants({ runtime, simulator }: World): Promise<number> {
  const handle = handleOf(simulator.phone('alice').openid)
  const nowMs = runtime.clock.nowMs()
  const records = runtime.records()
  const { value: ledger = NO_GRANTS } = await records.read<UserGrants>('grants', handle)
  const grants = hearNews(ledger, waitingIn(await readInboxes(records, handle)), nowMs)
  return countGrants(grantsOf(grants, TEMPLATE_ID), { nowMs, longTermTemplates: [] })
}

import { uses } from '../../../functions/receiveMessage/handlers.ts'
import receiveMessage from '../../../functions/receiveMessage/index.ts'
import { receiveMessageWith } from '../../../functions/receiveMessage/receive.ts'
import recordSubscription from '../../../functions/recordSubscription/index.ts'
import sendSubscribeMessage from '../../../functions/sendSubscribeMessage/index.ts'
import { sha256Base64Url } from '../../../shared/core/digest.ts'
import { pushIdOf, readPushMessage } from '../../../shared/push/readPushMessage.ts'
import { readKeptMessage } from '../../../shared/state/pushes.ts'
import { pushedInput } from '../../support/pushedInput.ts'
import { PUSH, TEMPLATE_ID } from '../../support/world.ts'
import { pushedVerdict, submitMedia } from './contentOperations.ts'
import { countKnownGrants } from './knownGrants.ts'
import type { Operation } from './operation.ts'

const answering = receiveMessageWith(
  {
    async text({ openid, content }, { once, wechat }) {
      await once('answer', () => wechat.sendCustomerMessage({ touser: openid, type: 'text', content }))
      return undefined
    },
  },
  uses,
)

/** Messages to users and from them, and what WeChat tells later. */
export const MESSAGE_OPERATIONS = {
  recordSubscription: {
    fn: recordSubscription,
    prepare: async (world) => ({
      input: { results: world.simulator.phone('alice').acceptSubscribe(TEMPLATE_ID) },
      origin: world.wechatUser('alice'),
      countEffects: () => countKnownGrants(world),
    }),
  },
  sendSubscribeMessage: {
    fn: sendSubscribeMessage,
    path: '/cgi-bin/message/subscribe/send',
    async prepare(world) {
      const origin = world.wechatUser('alice')
      // More than one, so that it is not for want of a grant that nothing is sent twice.
      for (let grant = 0; grant < 3; grant++) {
        const results = world.simulator.phone('alice').acceptSubscribe(TEMPLATE_ID)
        await world.call(recordSubscription, { results }, origin)
      }
      const data = { thing1: 'tea', date2: '2026-01-15', amount3: '¥12' }
      return { input: { templateId: TEMPLATE_ID, data }, origin }
    },
  },
  'receiveMessage of a tap': {
    fn: receiveMessage,
    prepare: async (world) => ({
      input: await pushedInput(world.simulator, () =>
        world.simulator.phone('alice').acceptSubscribe(TEMPLATE_ID),
      ),
      origin: PUSH,
      countEffects: () => countKnownGrants(world),
    }),
  },
  'receiveMessage of a verdict': {
    fn: receiveMessage,
    async prepare(world) {
      const traceId = await submitMedia(world)
      return {
        input: await pushedVerdict(world, traceId),
        origin: PUSH,
        async countEffects() {
          const kept = await world.runtime.records().read('mediaVerdict', sha256Base64Url(traceId))
          return Number(kept.value !== undefined)
        },
      }
    },
  },
  'receiveMessage with a handler': {
    fn: answering,
    path: '/cgi-bin/message/custom/send',
    prepare: async ({ simulator }) => ({
      input: await pushedInput(simulator, () => simulator.phone('alice').sendText('hello')),
      origin: PUSH,
    }),
  },
  'receiveMessage of an unknown event': {
    fn: receiveMessage,
    async prepare(world) {
      const event = { FromUserName: 'o1', MsgType: 'event', Event: 'new_in_2027' }
      const input = await pushedInput(world.simulator, () => world.simulator.push(event))
      const message = readPushMessage('json', input.message?.text ?? '')
      return {
        input,
        origin: PUSH,
        async countEffects() {
          const kept = message && (await readKeptMessage(world.runtime.records(), pushIdOf(message)))
          return Number(kept !== undefined)
        },
      }
    },
  },
} as const satisfies Record<string, Operation>

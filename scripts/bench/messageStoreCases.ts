import { uses } from '../../functions/receiveMessage/handlers.ts'
import receiveMessage from '../../functions/receiveMessage/index.ts'
import { receiveMessageWith } from '../../functions/receiveMessage/receive.ts'
import recordSubscription from '../../functions/recordSubscription/index.ts'
import sendSubscribeMessage from '../../functions/sendSubscribeMessage/index.ts'
import type { Phone } from '../simulator/phone.ts'
import type { Simulator } from '../simulator/simulator.ts'
import { DEFAULT_TEMPLATES } from '../simulator/templates.ts'
import { judged } from './contentStoreCases.ts'
import { after, byServer, onCloudBase, type Prepare, pushed, repeated } from './prepareCall.ts'
import { ONE_WRITE, type StoreCase } from './storeCase.ts'

const TEMPLATE_ID = DEFAULT_TEMPLATES[0]?.id ?? ''

const answers = (phone: Phone) => ({ results: phone.acceptSubscribe(TEMPLATE_ID), requestKey: 'tap-1' })
const message = (phone: Phone) => {
  phone.acceptSubscribe(TEMPLATE_ID)
  return {
    templateId: TEMPLATE_ID,
    requestKey: 'order-20261120-0001',
    data: {
      character_string1: '20261120-0001',
      date3: '2026-11-20 12:00',
      amount4: '¥128.50',
      thing2: 'Coffee',
    },
  }
}
const messageTo = (phone: Phone) => ({ ...message(phone), touser: phone.openid })

const recorded = onCloudBase(recordSubscription, answers)
const sentByServer = byServer(sendSubscribeMessage, messageTo)

const answering = receiveMessageWith(
  {
    async text({ openid: touser, content }, { once, wechat }) {
      await once('answer', () => wechat.sendCustomerMessage({ touser, type: 'text', content }))
      return undefined
    },
  },
  uses,
)
const replying = receiveMessageWith(
  { text: async ({ content }, { passiveReply }) => passiveReply({ MsgType: 'text', Content: content }) },
  uses,
)

const tap = pushed(receiveMessage, (_, phone) => phone.acceptSubscribe(TEMPLATE_ID))
const textTo = (fn: typeof answering) => pushed(fn, (_, phone) => phone.sendText('hello'))
const unknownEvent = (simulator: Simulator, { openid: FromUserName }: Phone) =>
  simulator.push({ FromUserName, MsgType: 'event', Event: 'new_in_2027' })

/** What WeChat tells of a message once it has sent it. */
const delivery: Prepare = async (deployment) => {
  const send = await sentByServer(deployment)
  return pushed(receiveMessage, send)(deployment)
}

/** Messages to users and from them, and what WeChat tells later. */
export const MESSAGE_STORE_CASES = {
  'recordSubscription: on CloudBase, the first': { prepare: recorded },
  'recordSubscription: on CloudBase, another': {
    prepare: after(
      recorded,
      onCloudBase(recordSubscription, (phone) => ({ ...answers(phone), requestKey: 'tap-2' })),
    ),
  },
  'recordSubscription: on CloudBase, repeated': { prepare: repeated(recorded) },
  'sendSubscribeMessage: on CloudBase': {
    prepare: after(recorded, onCloudBase(sendSubscribeMessage, message)),
  },
  'sendSubscribeMessage: on CloudBase, repeated': {
    prepare: repeated(after(recorded, onCloudBase(sendSubscribeMessage, message))),
  },
  'sendSubscribeMessage: by a server': { prepare: after(recorded, sentByServer) },
  'sendSubscribeMessage: by a server, no grant known': { prepare: sentByServer },
  'sendSubscribeMessage: by a server, no grant left': {
    prepare: after(
      after(recorded, sentByServer),
      byServer(sendSubscribeMessage, (phone) => ({ ...messageTo(phone), requestKey: 'order-20261120-0002' })),
    ),
  },
  'receiveMessage: a tap': { prepare: tap },
  'receiveMessage: a tap, repeated': { prepare: repeated(tap) },
  'receiveMessage: a tap that the front end has told': { prepare: after(recorded, tap) },
  'receiveMessage: a delivery': { prepare: delivery },
  'receiveMessage: a verdict': { aims: ONE_WRITE, prepare: judged },
  'receiveMessage: a verdict, repeated': { prepare: repeated(judged) },
  'receiveMessage: an unknown event': { aims: ONE_WRITE, prepare: pushed(receiveMessage, unknownEvent) },
  'receiveMessage: a handler that replies': { prepare: textTo(replying) },
  'receiveMessage: a handler that does something once': { prepare: textTo(answering) },
  'receiveMessage: a handler, repeated': { prepare: repeated(textTo(answering)) },
} satisfies Record<string, StoreCase>

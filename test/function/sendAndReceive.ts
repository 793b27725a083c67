import checkContent from '../../functions/checkContent/index.ts'
import getContentResult from '../../functions/getContentResult/index.ts'
import getQrCode from '../../functions/getQrCode/index.ts'
import type { uses } from '../../functions/receiveMessage/handlers.ts'
import type { MessageHandlers } from '../../functions/receiveMessage/messageHandlers.ts'
import recordSubscription from '../../functions/recordSubscription/index.ts'
import resolveScene from '../../functions/resolveScene/index.ts'
import sendSubscribeMessage from '../../functions/sendSubscribeMessage/index.ts'
import type { Origin } from '../../shared/function/caller.ts'
import type { AnyFunction } from '../../shared/function/define.ts'
import type { Reply } from '../../shared/function/reply.ts'
import { PUSH_KEY, PUSH_TOKEN, type PushWorld } from '../support/pushWorld.ts'
import { dataOf, TEMPLATE_ID } from '../support/world.ts'

export const SAID = 'what a user says'
const MEDIA_URL = 'https://cdn.example.com/of-a-user.png'
const PARAMS = { order: 'an order of a user' }

/** A handler that answers, and then stumbles over all that it knows. */
export const handlers: MessageHandlers<typeof uses> = {
  async text({ openid: touser, content }, { once, wechat, passiveReply }) {
    await once('answer', () => wechat.sendCustomerMessage({ touser, type: 'text', content }))
    if (content === SAID) throw new Error(`${PUSH_TOKEN} ${PUSH_KEY} ${touser} ${content}`)
    return passiveReply({ MsgType: 'text', Content: content })
  },
}

type CallAndKeep = (fn: AnyFunction, input: unknown, origin: Origin) => Promise<Reply>

/** Messages, media and codes of a user, and all that WeChat pushes about them; and who they are about. */
export async function sendAndReceive(world: PushWorld, call: CallAndKeep, user: Origin) {
  const { simulator } = world
  const phone = simulator.phone('alice')
  const send = { templateId: TEMPLATE_ID, data: { thing1: 'tea', date2: '2026-01-15', amount3: '¥12' } }
  const field = (reply: Reply, name: string) => String(Object(dataOf(reply))[name])

  await call(recordSubscription, { results: phone.acceptSubscribe(TEMPLATE_ID) }, user)
  await call(sendSubscribeMessage, send, user)
  await call(sendSubscribeMessage, send, user)
  const media = { type: 'image', scene: 1, mediaUrl: MEDIA_URL }
  const traceId = field(await call(checkContent, media, user), 'traceId')
  await call(getContentResult, { traceId }, user)
  simulator.judgeMedia(traceId)
  await simulator.pushesDone()
  await call(getContentResult, { traceId }, user)
  const scene = field(await call(getQrCode, { params: PARAMS, isHyaline: true }, user), 'scene')
  await call(resolveScene, { scene }, user)

  await simulator.verifyPushUrl()
  phone.sendText(SAID)
  phone.sendText(`${SAID} in peace`)
  simulator.push({ FromUserName: phone.openid, MsgType: 'event', Event: 'new_in_2027', Said: SAID })
  await simulator.pushesDone()
  simulator.pushTo({ ...world.target, token: `${PUSH_TOKEN}0` })
  phone.sendText(SAID)
  await simulator.pushesDone()
  simulator.pushTo({ ...world.target, aesKey: 'k'.repeat(43) })
  phone.sendText(SAID)
  await simulator.pushesDone()
  simulator.pushTo(world.target)
  return { traceId, MEDIA_URL, order: PARAMS.order }
}

import sendSubscribeMessage from '../../functions/sendSubscribeMessage/index.ts'
import type { Chance } from '../../scripts/model/chance.ts'
import type { SentMessage } from '../../scripts/simulator/wechat.ts'
import { SERVER, type World } from '../support/world.ts'
import type { StormFleet } from './grantStormFleet.ts'
import type { HearRemaining } from './grantStormTruth.ts'

/** What a caller may be told besides that the message was sent. */
const FORESEEN = ['USER_REFUSED', 'OUTCOME_UNKNOWN', 'IN_PROGRESS', 'RATE_LIMITED']
/** WeChat was still at another message to the same user. */
const CONCURRENT = 43108

/** A message, known by its request key. */
type Message = {
  readonly key: string
  readonly user: string
  readonly templateId: string
  readonly isFromServer: boolean
  /** What its caller knows of it. */
  told: 'nothing' | 'unknown' | 'sent'
}

type Parts = { readonly world: World; readonly fleet: StormFleet; readonly chance: Chance }

export type StormMessages = ReturnType<typeof createStormMessages>

/** Messages that users and a server send. Each says its request key, so that WeChat's side shows what became of it. */
export function createStormMessages({ world: { simulator, wechatUser }, fleet, chance }: Parts) {
  const messages: Message[] = []
  const sentByKey = new Map<string, SentMessage[]>()
  let looked = 0

  function sentWith(key: string): readonly SentMessage[] {
    for (const message of simulator.sentMessages.slice(looked)) {
      const { thing1 = '' } = message.data
      sentByKey.set(thing1, [...(sentByKey.get(thing1) ?? []), message])
    }
    looked = simulator.sentMessages.length
    return sentByKey.get(key) ?? []
  }

  /** Asks for a message, for the first time or again, and checks what is told of it. */
  async function ask(message: Message, hearRemaining: HearRemaining): Promise<void> {
    const { key, user, templateId, isFromServer, told: toldBefore } = message
    const { openid } = simulator.phone(user)
    const input = { templateId, data: { thing1: key }, requestKey: key }
    const reply = await fleet.call(
      sendSubscribeMessage,
      isFromServer
        ? { origin: SERVER, input: { ...input, touser: openid } }
        : { origin: wechatUser(user), input },
    )
    const sent = sentWith(key)
    const require = (isAsExpected: boolean) => {
      if (!isAsExpected)
        throw new Error(`${key} was told ${JSON.stringify(reply)}, and WeChat took ${JSON.stringify(sent)}`)
    }
    require(sent.length <= 1)
    if (reply?.ok) {
      const { msgid, remaining, repeated } = reply.data
      require(sent.length === 1 && msgid === sent[0]?.msgid)
      message.told = 'sent'
      // A repeat tells what the first was told.
      if (remaining !== undefined && !repeated) hearRemaining(openid, { [templateId]: remaining })
      return
    }
    require(reply === undefined || toldBefore !== 'sent')
    if (reply) {
      const { code, upstream } = reply.error
      require(FORESEEN.includes(code) && upstream?.errcode !== CONCURRENT)
      require(code !== 'USER_REFUSED' || sent.length === 0)
    }
    const isUnknown = reply === undefined || reply.error.code === 'OUTCOME_UNKNOWN'
    if (isUnknown && message.told !== 'sent') message.told = 'unknown'
  }

  return {
    get count() {
      return messages.length
    },

    /** A new message, at times asked for twice at once. */
    async send(user: string, templateId: string, hearRemaining: HearRemaining): Promise<void> {
      const key = `message-${messages.length + 1}`
      const message: Message = { key, user, templateId, isFromServer: chance.happens(0.5), told: 'nothing' }
      messages.push(message)
      const asked = chance.happens(0.06) ? [message, message] : [message]
      await Promise.all(asked.map((one) => ask(one, hearRemaining)))
    },

    /** Asks again for one of the latest messages. */
    async repeatOne(hearRemaining: HearRemaining): Promise<void> {
      const message = messages[messages.length - chance.integer(1, 60)]
      if (message) await ask(message, hearRemaining)
    },

    /** Asks again for each message of which nobody knew the end; what WeChat took must be told to be sent. */
    async repeatUnknown(hearRemaining: HearRemaining): Promise<void> {
      const unknown = messages.filter(({ told }) => told === 'unknown')
      const taken = unknown.filter(({ key }) => sentWith(key).length > 0)
      await Promise.all(unknown.map((message) => ask(message, hearRemaining)))
      const untold = taken.filter(({ told }) => told !== 'sent')
      if (untold.length > 0) throw new Error(`reported and not told to be sent: ${JSON.stringify(untold)}`)
      // Nobody will ever know the end of the others.
      for (const message of unknown) if (message.told === 'unknown') message.told = 'nothing'
    },

    /** Whatever WeChat took more than once. */
    sentTwice: () => messages.filter(({ key }) => sentWith(key).length > 1),
  }
}

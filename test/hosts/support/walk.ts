import { expect } from 'vitest'
import type { Phone } from '../../../scripts/simulator/phone.ts'
import type { PushTarget } from '../../../scripts/simulator/push/pushTarget.ts'
import type { Simulator } from '../../../scripts/simulator/simulator.ts'
import { TEMPLATE_ID } from '../../support/world.ts'
import { checkMedia } from './checkMedia.ts'

/** One call of a function in whatever host. */
export type HostCall = {
  readonly name: string
  readonly caller: 'nobody' | 'user' | 'timer'
  readonly input: object
  /** The user's token, once there is one. */
  readonly token: string
}

type Walk = {
  readonly simulator: Simulator
  readonly phone: Phone
  /** How WeChat's pushes get to `receiveMessage`. */
  readonly target: PushTarget
  readonly call: (call: HostCall) => Promise<unknown>
}

/** A good day of the holder of this phone, the timer and WeChat, in which each core function has its part. */
export async function walk({ simulator, phone, target, call }: Walk): Promise<void> {
  let token = ''

  /** The data of a success that has these. */
  async function ask(name: string, input: object, data: object, caller: HostCall['caller'] = 'user') {
    const reply = await call({ name, caller, input, token })
    expect(reply, name).toMatchObject({ ok: true, data })
    return (reply as { data: Readonly<Record<string, string>> }).data
  }

  const pushesBefore = simulator.pushes.length
  simulator.pushTo(target)
  try {
    const session = await ask('login', phone.login(), { openid: phone.openid }, 'nobody')
    token = session.token ?? ''
    await ask('checkSession', {}, { valid: true })
    await ask('decryptOpenData', phone.userInfo(), {
      kind: 'userInfo',
      source: 'encryptedData',
      integrity: 'verified',
    })
    await ask('getPhoneNumber', phone.phoneNumber(), {
      countryCode: '86',
      purePhoneNumber: expect.stringMatching(/^1\d{10}$/),
    })

    const { challenge = '' } = await ask('createSoterChallenge', { purpose: 'pay' }, {})
    await ask(
      'verifySoter',
      { ...phone.soter({ challenge }), purpose: 'pay' },
      { verified: true, newDevice: true },
    )

    // The front end and WeChat tell of the same tap, in whatever order.
    const results = phone.acceptSubscribe(TEMPLATE_ID)
    await ask('recordSubscription', { results }, { remaining: { [TEMPLATE_ID]: 1 } })
    await simulator.pushesDone()
    const data = { thing1: 'Coffee', date2: '2026-01-15 16:30', amount3: '￥18.00' }
    await ask('sendSubscribeMessage', { templateId: TEMPLATE_ID, data }, { status: 'sent', remaining: 0 })

    const params = { table: 7, guests: ['alice', 'bob'] }
    const { imageBase64 = '' } = await ask(
      'getQrCode',
      { params },
      { contentType: 'image/jpeg', cached: false },
    )
    const { scene } = phone.scan(Buffer.from(imageBase64, 'base64'))
    expect(await ask('resolveScene', { scene }, {})).toEqual({ params })

    const text = { type: 'text', scene: 2, content: 'good coffee' }
    await ask('checkContent', text, { suggest: 'pass' })
    await checkMedia(simulator, (name, input) => call({ name, caller: 'user', input, token }))

    phone.sendText('thank you')
    await ask('refreshAccessToken', {}, { expiresAtMs: expect.any(Number) }, 'timer')
    await ask('logout', {}, { revoked: 1 })
    await simulator.pushesDone()
  } finally {
    simulator.pushTo(undefined)
  }
  expect(
    simulator.pushes
      .slice(pushesBefore)
      .map(({ message: { MsgType, Event = MsgType }, outcome, attempts }) => [
        Event,
        outcome,
        attempts.length,
      ]),
  ).toEqual([
    ['subscribe_msg_popup_event', 'acknowledged', 1],
    ['subscribe_msg_sent_event', 'acknowledged', 1],
    ['wxa_media_check', 'acknowledged', 1],
    ['text', 'acknowledged', 1],
  ])
}

import { expect } from 'vitest'
import type { Phone } from '../../../scripts/simulator/phone.ts'
import { TEMPLATE_ID } from '../../support/world.ts'

/** One call of a function in whatever host. */
export type HostCall = {
  readonly name: string
  readonly caller: 'nobody' | 'user' | 'timer'
  readonly input: object
  /** The user's token, once there is one. */
  readonly token: string
}

type Step = {
  readonly name: string
  readonly caller: HostCall['caller']
  /** May use what the step before has answered. */
  input(phone: Phone, before: Record<string, string>): object
  readonly data: object
}

/** What each function is asked on a good day and what it answers then, in an order in which that works. */
const STEPS: readonly Step[] = [
  {
    name: 'login',
    caller: 'nobody',
    input: (phone) => phone.login(),
    data: { openid: expect.any(String), token: expect.any(String) },
  },
  { name: 'checkSession', caller: 'user', input: () => ({}), data: { valid: true } },
  {
    name: 'decryptOpenData',
    caller: 'user',
    input: (phone) => phone.userInfo(),
    data: { kind: 'userInfo', source: 'encryptedData', integrity: 'verified' },
  },
  {
    name: 'getPhoneNumber',
    caller: 'user',
    input: (phone) => phone.phoneNumber(),
    data: { countryCode: '86', purePhoneNumber: expect.stringMatching(/^1\d{10}$/) },
  },
  {
    name: 'createSoterChallenge',
    caller: 'user',
    input: () => ({ purpose: 'pay' }),
    data: { challenge: expect.any(String) },
  },
  {
    name: 'verifySoter',
    caller: 'user',
    input: (phone, { challenge = '' }) => ({ ...phone.soter({ challenge }), purpose: 'pay' }),
    data: { verified: true, newDevice: true },
  },
  {
    name: 'sendSubscribeMessage',
    caller: 'user',
    input(phone) {
      phone.acceptSubscribe(TEMPLATE_ID)
      const data = { thing1: 'Coffee', date2: '2026-01-15 16:30', amount3: '￥18.00' }
      return { templateId: TEMPLATE_ID, data }
    },
    data: { status: 'sent' },
  },
  {
    name: 'getQrCode',
    caller: 'user',
    input: () => ({ scene: 'table=7' }),
    data: { contentType: 'image/jpeg', cached: false },
  },
  {
    name: 'checkContent',
    caller: 'user',
    input: () => ({ type: 'text', scene: 2, content: 'good coffee' }),
    data: { suggest: 'pass' },
  },
  {
    name: 'refreshAccessToken',
    caller: 'timer',
    input: () => ({}),
    data: { expiresAtMs: expect.any(Number) },
  },
  { name: 'logout', caller: 'user', input: () => ({}), data: { revoked: 1 } },
]

/** Calls every core function once, as the holder of this phone and as the timer. */
export async function walk(phone: Phone, call: (call: HostCall) => Promise<unknown>): Promise<void> {
  let before: Record<string, string> = {}
  let token = ''
  for (const { name, caller, input, data } of STEPS) {
    const reply = await call({ name, caller, input: input(phone, before), token })
    expect(reply, name).toMatchObject({ ok: true, data })

    before = (reply as { data: Record<string, string> }).data
    token = before.token ?? token
  }
}

import { describe, expect, test } from 'vitest'
import checkContent from '../../functions/checkContent/index.ts'
import checkSession from '../../functions/checkSession/index.ts'
import createSoterChallenge from '../../functions/createSoterChallenge/index.ts'
import decryptOpenData from '../../functions/decryptOpenData/index.ts'
import getPhoneNumber from '../../functions/getPhoneNumber/index.ts'
import getQrCode from '../../functions/getQrCode/index.ts'
import login from '../../functions/login/index.ts'
import sendSubscribeMessage from '../../functions/sendSubscribeMessage/index.ts'
import verifySoter from '../../functions/verifySoter/index.ts'
import type { Fault } from '../../scripts/simulator/faults.ts'
import type { Call } from '../../shared/function/invoke.ts'
import type { Reply } from '../../shared/function/reply.ts'
import { findClosedPort } from '../support/findClosedPort.ts'
import { promptRandom } from '../support/promptRandom.ts'
import { createRunningClock } from '../support/runningClock.ts'
import { codeOf, createWorld, dataOf, NOBODY, SERVER, TEMPLATE_ID, type World } from '../support/world.ts'

/** What goes wrong, every time unless it says otherwise. */
const FAULTS = {
  'connection refused': 'refused',
  'reset before': { reset: 'before' },
  'reset after it was taken': { reset: 'afterTaken' },
  'no answer': { hang: 'afterTaken' },
  'a slow answer': { latencyMs: 50 },
  'status 502': { status: 502 },
  'errcode -1': { errcode: -1 },
  HTML: { body: '<html><body>busy</body></html>' },
  'a cut-off answer': { cutAfterBytes: 8 },
  'errcode 45009': { errcode: 45009 },
  'status 429': { status: 429, headers: { 'retry-after': '7' } },
  'errcode 40001 once': { errcode: 40001, times: 1 },
  'errcode 40001': { errcode: 40001 },
} as const satisfies Record<string, Omit<Fault, 'path'> | 'refused'>

type FaultName = keyof typeof FAULTS

/** The reply's code, and how many effects WeChat took. */
type Cell = readonly [code: string, accepted: number]
type Column = Readonly<Record<FaultName, Cell>>

/** A read is repeated twice while that can help, each time with its effect of nothing but a count. */
const READ: Column = {
  'connection refused': ['UPSTREAM_UNAVAILABLE', 0],
  'reset before': ['UPSTREAM_UNAVAILABLE', 0],
  'reset after it was taken': ['UPSTREAM_UNAVAILABLE', 3],
  'no answer': ['UPSTREAM_TIMEOUT', 1],
  'a slow answer': ['OK', 1],
  'status 502': ['UPSTREAM_UNAVAILABLE', 0],
  'errcode -1': ['UPSTREAM_UNAVAILABLE', 0],
  HTML: ['UPSTREAM_BAD_RESPONSE', 0],
  'a cut-off answer': ['UPSTREAM_BAD_RESPONSE', 1],
  'errcode 45009': ['RATE_LIMITED', 0],
  'status 429': ['RATE_LIMITED', 0],
  'errcode 40001 once': ['OK', 1],
  'errcode 40001': ['UPSTREAM_REJECTED', 0],
}

/** Once it may have been seen, a message or a limited code is never asked for again. */
const SEND: Column = {
  ...READ,
  'reset before': ['OUTCOME_UNKNOWN', 0],
  'reset after it was taken': ['OUTCOME_UNKNOWN', 1],
  'no answer': ['OUTCOME_UNKNOWN', 1],
  'status 502': ['OUTCOME_UNKNOWN', 0],
  'errcode -1': ['OUTCOME_UNKNOWN', 0],
  HTML: ['OUTCOME_UNKNOWN', 0],
  'a cut-off answer': ['OUTCOME_UNKNOWN', 1],
}

/** Nor is a one-time code, of which a busy WeChat says that it was not touched. */
const CODE: Column = {
  ...READ,
  'reset before': ['CODE_OUTCOME_UNKNOWN', 0],
  'reset after it was taken': ['CODE_OUTCOME_UNKNOWN', 1],
  'no answer': ['CODE_OUTCOME_UNKNOWN', 1],
  'status 502': ['CODE_OUTCOME_UNKNOWN', 0],
  HTML: ['CODE_OUTCOME_UNKNOWN', 0],
  'a cut-off answer': ['CODE_OUTCOME_UNKNOWN', 1],
}

/** An exchange of a login code has no token that could be renewed. */
const LOGIN: Column = { ...CODE, 'errcode 40001 once': ['UPSTREAM_REJECTED', 0] }

type More = Partial<Call>

type Operation = {
  readonly path: string
  readonly column: Column
  /** Brings the world to where the call makes sense. */
  readonly prepare: (world: World) => Promise<(more: More) => Promise<Reply>>
}

const OPERATIONS: Readonly<Record<string, Operation>> = {
  code2Session: {
    path: '/sns/jscode2session',
    column: LOGIN,
    async prepare(world) {
      const input = world.simulator.phone('alice').login()
      return (more) => world.call(login, input, NOBODY, more)
    },
  },
  getUserPhoneNumber: {
    path: '/wxa/business/getuserphonenumber',
    column: CODE,
    async prepare(world) {
      const input = world.simulator.phone('alice').phoneNumber()
      return (more) => world.call(getPhoneNumber, input, world.wechatUser('alice'), more)
    },
  },
  sendSubscribeMessage: {
    path: '/cgi-bin/message/subscribe/send',
    column: SEND,
    async prepare(world) {
      world.simulator.phone('alice').acceptSubscribe(TEMPLATE_ID)
      const data = { thing1: 'tea', date2: '2026-01-15', amount3: '¥12' }
      const input = { templateId: TEMPLATE_ID, data }
      return (more) => world.call(sendSubscribeMessage, input, world.wechatUser('alice'), more)
    },
  },
  getUnlimitedCode: {
    path: '/wxa/getwxacodeunlimit',
    column: READ,
    async prepare(world) {
      const input = { scene: 'a', width: 280 }
      return (more) => world.call(getQrCode, input, world.wechatUser('alice'), more)
    },
  },
  getLimitedCode: {
    path: '/wxa/getwxacode',
    column: SEND,
    async prepare(world) {
      const input = { type: 'limited', path: 'pages/index/index', width: 280 }
      return (more) => world.call(getQrCode, input, SERVER, more)
    },
  },
  checkText: {
    path: '/wxa/msg_sec_check',
    column: READ,
    async prepare(world) {
      world.simulator.phone('alice').login()
      const input = { type: 'text', scene: 1, content: 'tea' }
      return (more) => world.call(checkContent, input, world.wechatUser('alice'), more)
    },
  },
  verifySoterSignature: {
    path: '/cgi-bin/soter/verify_signature',
    column: READ,
    async prepare(world) {
      const alice = world.wechatUser('alice')
      const purpose = 'pay'
      const { challenge } = dataOf(await world.call(createSoterChallenge, { purpose }, alice))
      const input = { ...world.simulator.phone('alice').soter({ challenge }), purpose }
      return (more) => world.call(verifySoter, input, alice, more)
    },
  },
  checkSessionKey: {
    path: '/wxa/checksession',
    column: READ,
    async prepare(world) {
      const session = await world.logIn('alice')
      return (more) => world.call(checkSession, {}, session, more)
    },
  },
  getOpenData: {
    path: '/wxa/getopendata',
    column: READ,
    async prepare(world) {
      const input = world.simulator.phone('alice').cloudId('userInfo')
      return (more) => world.call(decryptOpenData, input, world.wechatUser('alice'), more)
    },
  },
}

describe.each(Object.entries(OPERATIONS))('%s', (_, { path, column, prepare }) => {
  test.each(Object.keys(FAULTS) as FaultName[])('meets %s', async (name) => {
    const fault: Omit<Fault, 'path'> | 'refused' = FAULTS[name]
    const isHang = fault !== 'refused' && fault.hang !== undefined
    const world = await createWorld({ effects: { clock: createRunningClock(), random: promptRandom } })
    const call = await prepare(world)
    // A call that is short of time is not to lose it on the token.
    await world.runtime.accessTokens().current(world.runtime.clock.nowMs() + 5000)
    const acceptedBefore = world.simulator.accepted(path)
    if (fault === 'refused')
      world.restart({ WECHAT_API_BASE_URL: `http://127.0.0.1:${await findClosedPort()}` })
    else world.simulator.faults.add({ path, times: Number.POSITIVE_INFINITY, ...fault })

    const reply = await call(isHang ? { remainingMs: 750 } : {})

    const [code, accepted] = column[name]
    expect(codeOf(reply)).toBe(code)
    expect(world.simulator.accepted(path) - acceptedBefore).toBe(accepted)
  })
})

import { expect, test } from 'vitest'
import checkSession from '../../functions/checkSession/index.ts'
import createSoterChallenge from '../../functions/createSoterChallenge/index.ts'
import decryptOpenData from '../../functions/decryptOpenData/index.ts'
import getPhoneNumber from '../../functions/getPhoneNumber/index.ts'
import login from '../../functions/login/index.ts'
import logout from '../../functions/logout/index.ts'
import refreshAccessToken from '../../functions/refreshAccessToken/index.ts'
import verifySoter from '../../functions/verifySoter/index.ts'
import { encryptOpenData, signRawData } from '../../scripts/simulator/sessionCrypto.ts'
import type { Origin } from '../../shared/function/caller.ts'
import type { AnyFunction } from '../../shared/function/define.ts'
import { stateKeys } from '../support/keyRing.ts'
import { probe } from '../support/probe.ts'
import { createPushWorld, PUSH_KEY, PUSH_TOKEN } from '../support/pushWorld.ts'
import { secretForms } from '../support/secretForms.ts'
import { APP_ID, APP_SECRET, dataOf, SERVER_KEY, TIMER } from '../support/world.ts'
import { handlers, SAID, sendAndReceive } from './sendAndReceive.ts'

const SESSION_KEY = Buffer.from('canarysessionkey').toString('base64')
const STATE_KEYS = stateKeys('k1')

/** Calls every function in good times and bad, and gathers everything that came out of it. */
async function liveThrough() {
  const world = await createPushWorld({ environment: { STATE_KEYS, LOG_LEVEL: 'debug' }, handlers })
  const { simulator, clock } = world
  const phone = simulator.phone('alice')
  const replies: unknown[] = []
  const call = async (fn: AnyFunction, input: unknown, origin?: Origin) => {
    const reply = await world.call(fn, input, origin)
    replies.push(reply)
    return reply
  }
  const watermark = { appid: APP_ID, timestamp: Math.floor(clock.nowMs() / 1000) }
  const seal = (openData: object) => encryptOpenData(JSON.stringify({ ...openData, watermark }), SESSION_KEY)
  const session = { openid: phone.openid, unionid: phone.unionid, session_key: SESSION_KEY }

  const { code } = phone.login()
  simulator.faults.add({ path: '/sns/jscode2session', body: JSON.stringify(session) })
  const { token = '' } = dataOf(await world.call(login, { code }))
  const alice: Origin = { kind: 'bearer', token }
  const rawData = '{"nickName":"A"}'

  await call(decryptOpenData, seal({ openId: phone.openid, nickName: 'A' }), alice)
  await call(decryptOpenData, { rawData, signature: signRawData(rawData, SESSION_KEY) }, alice)
  await call(decryptOpenData, { rawData, signature: '0'.repeat(40) }, alice)
  await call(decryptOpenData, seal({ openId: 'somebody else', nickName: 'A' }), alice)
  await call(decryptOpenData, phone.cloudId('userInfo'), alice)
  await call(checkSession, {}, alice)
  await call(getPhoneNumber, phone.phoneNumber(), world.wechatUser('alice'))
  const { challenge } = dataOf(await world.call(createSoterChallenge, { purpose: 'pay' }, alice))
  await call(verifySoter, { ...phone.soter({ challenge }), purpose: 'pay' }, alice)
  await call(verifySoter, { ...phone.soter({ challenge }), purpose: 'pay' }, alice)
  const sent = await sendAndReceive(world, call, alice)
  await call(refreshAccessToken, {}, TIMER)
  await call(refreshAccessToken, {}, { kind: 'bearer', token: SERVER_KEY })

  const echo = JSON.stringify({ errcode: 40029, errmsg: `invalid ${code} ${APP_SECRET} ${SESSION_KEY}` })
  simulator.faults.add({ path: '/sns/jscode2session', body: echo })
  await call(login, { code })
  for (const fault of [
    { body: `<html>${APP_SECRET} ${SESSION_KEY} ${phone.openid}</html>` },
    { errcode: 40125 },
    { errcode: 40001, times: 3 },
    { status: 502 },
    { reset: 'afterTaken' as const },
    { cutAfterBytes: 5 },
  ]) {
    for (const path of ['/sns/jscode2session', '/wxa/checksession']) simulator.faults.add({ path, ...fault })
    await call(login, phone.login())
    await call(checkSession, {}, alice)
    simulator.faults.clear()
  }
  await call(login, { code, session_key: SESSION_KEY }, alice)
  const quoting = probe<object>({
    handle: async () => {
      throw new Error(`${APP_SECRET}\n    at ${SESSION_KEY}`, { cause: token })
    },
  })
  await call(quoting, {}, alice)
  world.store.isDown = true
  await call(decryptOpenData, seal({ nickName: 'A' }), alice)
  world.store.isDown = false
  world.restart({ WECHAT_API_BASE_URL: 'http://127.0.0.1:1' })
  await call(login, phone.login())
  await call(checkSession, {}, alice)
  world.restart({
    WECHAT_APP_SECRET: `${APP_SECRET} with a space`,
    STATE_KEYS: `${STATE_KEYS},x`,
    WECHAT_PUSH_AES_KEY: `${PUSH_KEY} with a space`,
  })
  await call(login, phone.login())
  phone.sendText(SAID)
  await simulator.pushesDone()
  world.restart({ WECHAT_PUSH_TOKEN: `${PUSH_TOKEN} with a space` })
  phone.sendText(SAID)
  await simulator.pushesDone()
  world.restart({})
  await call(logout, { everywhere: true }, alice)

  const accessToken = simulator.requests('/wxa/checksession')[0]?.query.access_token ?? ''
  return {
    secrets: {
      APP_SECRET,
      SERVER_KEY,
      STATE_KEYS: STATE_KEYS.slice(3),
      SESSION_KEY,
      sessionKeyBytes: 'canarysessionkey',
      accessToken,
      PUSH_TOKEN,
      PUSH_KEY,
      pushKeyBytes: Buffer.from(`${PUSH_KEY}=`, 'base64').toString('hex'),
    },
    personal: { openid: phone.openid, unionid: phone.unionid, token, code, challenge, SAID, ...sent },
    outputs: {
      replies: JSON.stringify([replies, simulator.pushes.map(({ attempts }) => attempts)]),
      log: world.logLines.join('\n'),
      store: world.store.dump(),
    },
    pushes: simulator.pushes.flatMap(({ attempts }) => attempts.map(({ status }) => status)),
    codes: replies.map((reply) => JSON.parse(JSON.stringify(reply)).error?.code ?? 'OK'),
  }
}

test('no secret shows in any reply, in the log or in the store, in any encoding', async () => {
  const { secrets, outputs, codes, pushes } = await liveThrough()

  expect(new Set(codes).size).toBeGreaterThan(10)
  expect(new Set(pushes)).toEqual(new Set([200, 401, 500]))
  for (const [where, output] of Object.entries(outputs)) {
    expect(output.length).toBeGreaterThan(1000)
    for (const [name, secret] of Object.entries(secrets)) {
      expect(secret.length, name).toBeGreaterThan(15)
      for (const form of secretForms(secret)) expect(output.includes(form), `${name} in ${where}`).toBe(false)
    }
  }
})

test('who a user is shows neither in the log nor in the store, and no token, code or challenge does', async () => {
  const { personal, outputs } = await liveThrough()

  for (const [name, value] of Object.entries(personal)) {
    expect(value.length, name).toBeGreaterThan(15)
    for (const form of secretForms(value)) {
      expect(outputs.log.includes(form), `${name} in the log`).toBe(false)
      expect(outputs.store.includes(form), `${name} in the store`).toBe(false)
    }
  }
})

test('a secret would be found in each of its forms', () => {
  for (const text of [
    'x canary-canary y',
    Buffer.from('xx canary-canary y').toString('base64'),
    Buffer.from('x canary-canary y').toString('base64url'),
    Buffer.from(' canary-canary').toString('hex'),
    encodeURIComponent('{"a":"canary-canary"}'),
  ])
    expect(
      secretForms('canary-canary').some((form) => text.includes(form)),
      text,
    ).toBe(true)
})

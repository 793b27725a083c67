import { Agent, request } from 'node:http'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startSimulator } from '../../scripts/simulator/simulator.ts'
import { APP_ID, APP_SECRET, startTestSimulator, type TestSimulator } from './testSimulator.ts'

let world: TestSimulator
beforeEach(async () => {
  world = await startTestSimulator()
})
afterEach(() => world.simulator.close())

test('a plain node:http client logs in over one kept connection', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const ask = (path: string) =>
    new Promise<string>((resolve, reject) => {
      request(`${world.simulator.url}${path}`, { agent }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk) => {
          text += chunk
        })
        response.on('end', () => resolve(text))
      })
        .on('error', reject)
        .end()
    })
  const { code } = world.simulator.phone('alice').login()

  const token = await ask(`/cgi-bin/token?grant_type=client_credential&appid=${APP_ID}&secret=${APP_SECRET}`)
  const session = await ask(
    `/sns/jscode2session?appid=${APP_ID}&secret=${APP_SECRET}&js_code=${code}&grant_type=authorization_code`,
  )
  agent.destroy()

  expect(JSON.parse(token)).toHaveProperty('access_token')
  expect(JSON.parse(session)).toHaveProperty('openid', world.simulator.phone('alice').openid)
  expect(world.simulator.connections).toBe(1)
})

test('what was asked is kept as it was sent', async () => {
  await world.stableToken({ note: '中' })

  expect(world.simulator.requests('/cgi-bin/stable_token')).toEqual([
    {
      method: 'POST',
      path: '/cgi-bin/stable_token',
      query: {},
      body: expect.stringContaining('"note":"中"'),
      atMs: world.clock.ms,
    },
  ])
  expect(world.simulator.requests()).toHaveLength(1)
})

test('an unknown path is a 404 with an errcode', async () => {
  const response = await world.send('/wxa/none', {})

  expect(response.status).toBe(404)
  expect(await response.json()).toMatchObject({ errcode: 40066 })
})

test.each([
  ['a POST where GET is needed', '/cgi-bin/token', { method: 'POST' }, 43001],
  ['a GET where POST is needed', '/wxa/getopendata', { method: 'GET' }, 43002],
  ['an empty body', '/wxa/getopendata', { method: 'POST' }, 44002],
  ['a body that is not JSON', '/wxa/getopendata', { method: 'POST', body: 'a=1' }, 47001],
  ['a body that is no object', '/wxa/getopendata', { method: 'POST', body: '[]' }, 47001],
  [
    'a body that is not UTF-8',
    '/wxa/getopendata',
    { method: 'POST', body: new Uint8Array([0x7b, 0xff, 0x7d]) },
    47001,
  ],
])('%s is refused inside HTTP 200', async (_case, path, init, errcode) => {
  const response = await world.send(path, { access_token: await world.token() }, init)

  expect(response.status).toBe(200)
  expect(await response.json()).toMatchObject({ errcode })
})

test('an access token in the body is none', async () => {
  expect(await world.post('/wxa/getopendata', {}, { access_token: await world.token() })).toMatchObject({
    errcode: 41001,
  })
})

test('a minute limit is over in the next minute', async () => {
  const ask = async () => (await world.call('/wxa/getopendata', { cloudid_list: ['x'] })).errcode
  world.simulator.limits.setMinuteLimit('/wxa/getopendata', 1)

  expect([await ask(), await ask()]).toEqual([0, 45011])
  world.clock.ms += 60_000
  expect(await ask()).toBe(0)
})

test("a content check over its minute limit has the content checks' own errcode", async () => {
  world.simulator.limits.setMinuteLimit('/wxa/msg_sec_check', 0)

  expect(await world.call('/wxa/msg_sec_check', {})).toMatchObject({ errcode: 44991 })
})

test('a daily quota is over at midnight in China', async () => {
  const ask = async () => (await world.call('/wxa/getopendata', { cloudid_list: ['x'] })).errcode
  world.simulator.limits.setDailyQuota('/wxa/getopendata', 1)
  world.clock.ms = Date.parse('2026-11-20T23:59:00+08:00')

  expect([await ask(), await ask()]).toEqual([0, 45009])
  world.clock.ms = Date.parse('2026-11-21T00:00:00+08:00')
  expect(await ask()).toBe(0)
})

test('a fault of the simulator itself is a 500 that says so', async () => {
  const broken = await startTestSimulator({
    nowMs: () => {
      throw new Error('the clock stopped')
    },
  })

  const response = await broken.send('/cgi-bin/token', {})

  expect([response.status, await response.text()]).toEqual([
    500,
    expect.stringContaining('the clock stopped'),
  ])
  await broken.simulator.close()
})

test('a port that is taken is an error at the start', async () => {
  const port = Number(new URL(world.simulator.url).port)

  await expect(startSimulator({ appId: APP_ID, appSecret: APP_SECRET, port })).rejects.toThrow(/EADDRINUSE/)
})

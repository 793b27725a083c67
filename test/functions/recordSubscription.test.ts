import { describe, expect, test } from 'vitest'
import recordSubscription from '../../functions/recordSubscription/index.ts'
import type { Origin } from '../../shared/function/caller.ts'
import type { Call } from '../../shared/function/invoke.ts'
import { receiveNews } from '../../shared/state/grantLedger.ts'
import { promptRandom } from '../support/promptRandom.ts'
import { codeOf, createWorld, dataOf, NOBODY, SERVER, TEMPLATE_ID, TIMER } from '../support/world.ts'

const LONG_TERM_ID = 'long-term-news'

async function createAskedWorld() {
  const world = await createWorld({
    environment: { WECHAT_LONG_TERM_TEMPLATES: LONG_TERM_ID },
    effects: { random: promptRandom },
  })
  const alice = world.wechatUser('alice')
  const record = (results: unknown, more?: Partial<Call>, origin: Origin = alice) =>
    world.call(recordSubscription, { results }, origin, more)
  return {
    world,
    record,
    remaining: async (results: unknown, more?: Partial<Call>, origin?: Origin) =>
      dataOf(await record(results, more, origin)).remaining,
    /** The popup as WeChat tells of it. */
    push: (templateId: string, isAccepted: boolean) =>
      receiveNews(
        { records: world.runtime.records(), clock: world.clock },
        world.simulator.phone('alice').openid,
        {
          id: `${templateId} ${world.clock.nowMs()}`,
          news: [{ kind: 'tap', templateId, isAccepted, atMs: world.clock.nowMs() }],
        },
        { longTermTemplates: [LONG_TERM_ID] },
      ),
  }
}

describe('an answer to the popup', () => {
  test.each([
    ['accept', 1],
    ['acceptWithAudio', 1],
    ['acceptWithAlert', 1],
    ['acceptWithForcePush', 1],
    ['reject', 0],
    ['ban', 0],
    ['filter', 0],
    ['Accept', 0],
    ['', 0],
  ])('%j grants %i', async (result, count) => {
    const { remaining } = await createAskedWorld()

    expect(await remaining({ [TEMPLATE_ID]: result })).toEqual({ [TEMPLATE_ID]: count })
  })

  test('is taken as the phone gives it, with what it says of the call', async () => {
    const { world, remaining } = await createAskedWorld()
    const results = world.simulator.phone('alice').acceptSubscribe(TEMPLATE_ID)

    expect(await remaining({ errMsg: 'requestSubscribeMessage:ok', errCode: 0, ...results })).toEqual({
      [TEMPLATE_ID]: 1,
    })
  })

  test('is counted for each template by itself, and each time', async () => {
    const { remaining } = await createAskedWorld()
    await remaining({ tea: 'accept', cake: 'accept' })

    expect(await remaining({ tea: 'accept', cake: 'reject', milk: 'reject' })).toEqual({
      tea: 2,
      cake: 1,
      milk: 0,
    })
  })

  test('is the user’s own, however they come', async () => {
    const { world, remaining } = await createAskedWorld()
    await remaining({ tea: 'accept' })

    expect(await remaining({ tea: 'accept' }, {}, await world.logIn('alice'))).toEqual({ tea: 2 })
    expect(await remaining({ tea: 'accept' }, {}, world.wechatUser('bob'))).toEqual({ tea: 1 })
  })

  test('to a long-term template counts once, until it is rejected', async () => {
    const { remaining } = await createAskedWorld()

    const answers = ['accept', 'accept', 'ban', 'filter', 'reject', 'accept']
    const counts: unknown[] = []
    for (const answer of answers) counts.push(Object.values(await remaining({ [LONG_TERM_ID]: answer })))

    expect(counts).toEqual([[1], [1], [1], [1], [0], [1]])
  })

  test.each(['first', 'last'])(
    'that WeChat pushes as well counts once, when the push is %s',
    async (push) => {
      const asked = await createAskedWorld()
      if (push === 'first') await asked.push(TEMPLATE_ID, true)
      await asked.record({ [TEMPLATE_ID]: 'accept' })
      if (push === 'last') await asked.push(TEMPLATE_ID, true)

      expect(await asked.remaining({ [TEMPLATE_ID]: 'reject' })).toEqual({ [TEMPLATE_ID]: 1 })
    },
  )
})

describe('a call', () => {
  test('that the platform repeats counts once', async () => {
    const { remaining } = await createAskedWorld()

    for (let repeat = 0; repeat < 3; repeat++)
      expect(await remaining({ tea: 'accept' }, { requestId: 'invocation-1' })).toEqual({ tea: 1 })
    expect(await remaining({ tea: 'accept' }, { requestId: 'invocation-2' })).toEqual({ tea: 2 })
  })

  test('that is repeated with its request key counts once for its user', async () => {
    const { world, remaining } = await createAskedWorld()
    const keyed = { results: { tea: 'accept' }, requestKey: 'tap-7' }
    for (let repeat = 0; repeat < 3; repeat++)
      expect(codeOf(await world.call(recordSubscription, keyed, world.wechatUser('alice')))).toBe('OK')
    await world.call(recordSubscription, keyed, world.wechatUser('bob'))

    expect(await remaining({ tea: 'reject' })).toEqual({ tea: 1 })
  })

  test('of which there are sixty-four at once counts sixty-four times', async () => {
    const { record, remaining } = await createAskedWorld()

    const codes = (await Promise.all(Array.from({ length: 64 }, () => record({ tea: 'accept' })))).map(codeOf)

    expect(new Set(codes)).toEqual(new Set(['OK']))
    expect(await remaining({ tea: 'reject' })).toEqual({ tea: 64 })
  })

  test('reads all at once and writes once, and not when there is nothing to write', async () => {
    const { world, record } = await createAskedWorld()
    await record({ tea: 'accept' })
    const before = world.store.operations.length

    await record({ tea: 'accept' })
    await record({ tea: 'reject' })

    const reads = Array.from({ length: 5 }, () => 'get')
    expect(world.store.operations.slice(before)).toEqual([...reads, 'compareAndSet', ...reads])
  })

  test('asks nothing of WeChat', async () => {
    const { world, record } = await createAskedWorld()

    await record({ tea: 'accept' })

    expect(world.simulator.requests()).toEqual([])
  })

  test.each([
    ['nobody', NOBODY, 'UNAUTHENTICATED'],
    ['a timer', TIMER, 'FORBIDDEN'],
    ['a server', SERVER, 'FORBIDDEN'],
    ['a push', { kind: 'push' } as const, 'FORBIDDEN'],
  ])('by %s is refused', async (_, origin, code) => {
    const { world, record } = await createAskedWorld()

    expect(codeOf(await record({ tea: 'accept' }, {}, origin))).toBe(code)

    expect(world.store.operations).toEqual([])
  })

  test('fails while the store is down, and counts once when it is repeated', async () => {
    const { world, record, remaining } = await createAskedWorld()
    const invocation = { requestId: 'invocation-1' }
    world.store.isDown = true
    expect(codeOf(await record({ tea: 'accept' }, invocation))).toBe('STATE_UNAVAILABLE')

    world.store.isDown = false

    expect(await remaining({ tea: 'accept' }, invocation)).toEqual({ tea: 1 })
  })
})

describe('an input that makes no sense is refused, and nothing is written', () => {
  const many = Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`t${index}`, 'accept']))

  test.each<[string, unknown, string]>([
    ['no results', undefined, 'results'],
    ['results that are a text', 'accept', 'results'],
    ['results that are a list', ['accept'], 'results'],
    ['no template', {}, 'results'],
    ['nothing but what is said of the call', { errMsg: 'requestSubscribeMessage:ok' }, 'results'],
    ['more than twenty templates', many, 'results'],
    ['a result that is no text', { tea: true }, 'results.tea'],
    ['a result that is an object', { cake: 'accept', tea: { accept: 1 } }, 'results.tea'],
    ['a template id with a blank', { 'a b': 'accept' }, 'results.a b'],
    ['a template id without a letter', { '': 'accept' }, 'results.'],
    ['a template id of 129 characters', { ['t'.repeat(129)]: 'accept' }, `results.${'t'.repeat(129)}`],
    ['a template id that every object has', { constructor: 'accept' }, 'results.constructor'],
  ])('%s', async (_, results, field) => {
    const { world, record } = await createAskedWorld()

    expect(await record(results)).toMatchObject({ error: { code: 'INVALID_ARGUMENT', field } })

    expect(world.store.operations).toEqual([])
  })

  test.each([
    ['an empty request key', { requestKey: '' }, 'requestKey'],
    ['a request key with a blank', { requestKey: 'a b' }, 'requestKey'],
    ['a request key of 129 characters', { requestKey: 'k'.repeat(129) }, 'requestKey'],
    ['an openid', { openid: 'o-eve' }, 'openid'],
  ])('%s', async (_, fields, field) => {
    const { world } = await createAskedWorld()
    const input = { results: { tea: 'accept' }, ...fields }

    expect(await world.call(recordSubscription, input, world.wechatUser('alice'))).toMatchObject({
      error: { code: 'INVALID_ARGUMENT', field },
    })

    expect(world.store.operations).toEqual([])
  })

  test('twenty templates are not too many', async () => {
    const { '...': _none, t20: _one, ...twenty } = many
    const { remaining } = await createAskedWorld()

    expect(Object.values(await remaining(twenty))).toEqual(Array.from({ length: 20 }, () => 1))
  })
})

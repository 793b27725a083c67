import type { RequestListener } from 'node:http'
import { describe, expect, test } from 'vitest'
import checkContent from '../../functions/checkContent/index.ts'
import { codeOf, dataOf } from '../support/world.ts'
import {
  CLOUD,
  createMediaWorld,
  FILE_ID,
  FILE_INPUT,
  FILE_URL,
  MEDIA_INPUT,
  NAMED_HOSTS,
  PUBLIC_ADDRESS,
  sha256,
} from './checkContentMedia.ts'

const MEBIBYTE = 1024 * 1024
const URL_HASH = sha256(MEDIA_INPUT.mediaUrl)
const BYTES_HASH = sha256('the media')
const COS_INPUT = { ...MEDIA_INPUT, mediaUrl: 'https://bucket-125.cos.ap-shanghai.myqcloud.com/a.png' }

const warningsOf = (lines: readonly string[]) =>
  lines.flatMap((line) => (JSON.parse(line) as { warnings?: readonly object[] }).warnings ?? [])

describe('before WeChat is asked to fetch a URL, its host is resolved', () => {
  test.each([
    ['loopback', '127.0.0.1'],
    ['private', '10.0.0.1'],
    ['private', '172.16.0.1'],
    ['private', '192.168.1.1'],
    ['link-local, with metadata', '169.254.169.254'],
    ['shared by carriers', '100.100.100.200'],
    ['this network', '0.0.0.0'],
    ['documentation', '192.0.2.1'],
    ['benchmark', '198.18.0.1'],
    ['multicast', '224.0.0.1'],
    ['reserved', '255.255.255.255'],
    ['loopback', '::1'],
    ['unspecified', '::'],
    ['unique-local', 'fd00:ec2::254'],
    ['link-local', 'fe80::1'],
    ['multicast', 'ff02::1'],
    ['documentation', '2001:db8::1'],
    ['v4-mapped', '::ffff:127.0.0.1'],
    ['NAT64', '64:ff9b::a9fe:a9fe'],
    ['6to4', '2002:7f00:1::'],
    ['Teredo', '2001:0:7f00:1::'],
  ])('and is forbidden when one of its addresses is %s: %s', async (_, address) => {
    for (const addresses of [[address], [PUBLIC_ADDRESS, address]]) {
      for (const environment of [{}, NAMED_HOSTS]) {
        const { world, check, fetched, host } = await createMediaWorld({ addresses, environment })

        expect(await check()).toMatchObject({
          error: {
            code: 'MEDIA_URL_FORBIDDEN',
            field: 'mediaUrl',
            reason: 'is on a host with an address that is not public',
          },
        })

        expect(world.simulator.requests()).toEqual([])
        expect(world.store.operations).toEqual([])
        expect([fetched, host.connections]).toEqual([[], []])
      }
    }
  })

  test.each([
    ['is public', [PUBLIC_ADDRESS, '2606:2800:220:1:248:1893:25c8:1946']],
    ['is not known here', []],
  ])('and WeChat judges what is there when it %s', async (_, addresses) => {
    const { world, check, resolved, host } = await createMediaWorld({ addresses })

    expect(dataOf(await check())).toMatchObject({ suggest: 'pending', contentHash: URL_HASH })

    expect(resolved).toEqual(['cdn.example.com'])
    expect(host.connections).toEqual([])
    expect(warningsOf(world.logLines)).toEqual([])
  })

  test('but not when the URL is forbidden as it is written', async () => {
    const { check, resolved } = await createMediaWorld({ environment: NAMED_HOSTS })

    expect(codeOf(await check({ ...MEDIA_INPUT, mediaUrl: 'https://127.0.0.1/a.png' }))).toBe(
      'MEDIA_URL_FORBIDDEN',
    )
    expect(codeOf(await check({ ...MEDIA_INPUT, mediaUrl: 'https://www.example.com/a.png' }))).toBe(
      'MEDIA_URL_FORBIDDEN',
    )

    expect(resolved).toEqual([])
  })

  test("and Tencent's own storage may have a short way to it, which is not taken", async () => {
    for (const environment of [{}, NAMED_HOSTS]) {
      const { check, fetched } = await createMediaWorld({ addresses: ['169.254.0.47'], environment })

      expect(dataOf(await check(COS_INPUT))).toMatchObject({
        suggest: 'pending',
        contentHash: sha256(COS_INPUT.mediaUrl),
      })
      expect(fetched).toEqual([])
    }
  })

  test('and a name that only looks like that storage has none', async () => {
    const { check } = await createMediaWorld({ addresses: ['169.254.0.47'] })

    for (const mediaUrl of ['https://evilmyqcloud.com/a', 'https://myqcloud.com.example.com/a']) {
      expect(codeOf(await check({ ...MEDIA_INPUT, mediaUrl }))).toBe('MEDIA_URL_FORBIDDEN')
    }
  })
})

describe('media on a host that the operator named', () => {
  const NAMED = { environment: NAMED_HOSTS }

  test('are known by their bytes, and fetched from the addresses that were looked at', async () => {
    const { check, fetched, host, simulator } = await createMediaWorld(NAMED)

    const data = dataOf(await check())

    expect(data).toEqual({ suggest: 'pending', traceId: expect.any(String), contentHash: BYTES_HASH })
    expect(fetched).toEqual([
      { url: MEDIA_INPUT.mediaUrl, addresses: [PUBLIC_ADDRESS], timeoutMs: expect.any(Number) },
    ])
    expect(host.requests).toEqual(['GET cdn.example.com/a.png'])
    expect(simulator.mediaJobs).toMatchObject([{ mediaUrl: MEDIA_INPUT.mediaUrl }])
  })

  test('take two seconds to fetch at the most, and a quarter of what is left of the call', async () => {
    const { world, check, fetched } = await createMediaWorld(NAMED)
    await check()

    expect(fetched.at(-1)?.timeoutMs).toBe(2000)
    await world.call(checkContent, MEDIA_INPUT, world.wechatUser('alice'), { remainingMs: 4500.5 })
    expect(fetched.at(-1)?.timeoutMs).toBe(1000)
  })

  test.each([301, 302, 303, 307, 308])('are forbidden when it leads elsewhere: %i', async (status) => {
    const { world, check, host } = await createMediaWorld({
      ...NAMED,
      answer: (_, response) => response.writeHead(status, { location: 'https://127.0.0.1/' }).end(),
    })

    expect(await check()).toMatchObject({
      error: { code: 'MEDIA_URL_FORBIDDEN', field: 'mediaUrl', reason: 'leads to another URL' },
    })

    expect(host.requests).toHaveLength(1)
    expect(world.simulator.requests()).toEqual([])
    expect(world.store.operations).toEqual([])
  })

  const announced: RequestListener = (_, response) =>
    void response.writeHead(200, { 'content-length': 10 * MEBIBYTE + 1 }).flushHeaders()

  const streamed: RequestListener = (_, response) => {
    const flood = () => {
      while (response.write(Buffer.alloc(65_536)));
    }
    response.on('drain', flood)
    flood()
  }

  test.each([
    ['announced as such', announced],
    ['without end', streamed],
  ])('are refused when they are too large: %s', async (_, answer) => {
    const { world, check } = await createMediaWorld({ ...NAMED, answer })

    expect(codeOf(await check())).toBe('MEDIA_TOO_LARGE')

    expect(world.simulator.requests()).toEqual([])
    expect(world.store.operations).toEqual([])
  })

  test('may have ten mebibytes', async () => {
    const media = Buffer.alloc(10 * MEBIBYTE, 7)
    const { check } = await createMediaWorld({ ...NAMED, answer: (_, response) => response.end(media) })

    expect(dataOf(await check())).toMatchObject({ contentHash: sha256(media) })
  })

  test.each<[string, RequestListener, string]>([
    ['are not there', (_, response) => response.writeHead(404).end('no'), 'HTTP 404'],
    ['are there in part', (_, response) => response.writeHead(206).end('the'), 'HTTP 206'],
    ['cannot be had now', (_, response) => response.writeHead(503).end(), 'HTTP 503'],
    [
      'are packed',
      (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('.'),
      'the media are encoded',
    ],
    ['are withheld', (_, response) => void response.socket?.destroy(), 'ECONNRESET'],
  ])('are left to WeChat under their name when they %s', async (_, answer, fault) => {
    const { world, check, openid } = await createMediaWorld({ ...NAMED, answer })

    expect(dataOf(await check())).toEqual({
      suggest: 'pending',
      traceId: expect.any(String),
      contentHash: URL_HASH,
    })

    expect(warningsOf(world.logLines)).toEqual([{ message: expect.any(String), fault }])
    expect(world.logLines.join()).not.toMatch(new RegExp(`cdn\\.example|a\\.png|${openid}`))
  })

  test('are left to WeChat when they are slow to come', async () => {
    const { world, check } = await createMediaWorld({
      ...NAMED,
      answer: (_, response) => void response.write('the'),
    })

    expect(dataOf(await check())).toMatchObject({ suggest: 'pending', contentHash: URL_HASH })
    expect(warningsOf(world.logLines)).toMatchObject([{ fault: 'no complete answer in time' }])
  })

  test('are left to WeChat when the host does not resolve from here', async () => {
    const { world, check, fetched } = await createMediaWorld({ ...NAMED, addresses: [] })

    expect(dataOf(await check())).toMatchObject({ suggest: 'pending', contentHash: URL_HASH })
    expect(fetched).toEqual([])
    expect(warningsOf(world.logLines)).toMatchObject([{ fault: 'the host has no public address' }])
  })
})

describe("a file of CloudBase's storage", () => {
  const effects = { cloud: CLOUD }

  test('is known by its bytes, without a host being named', async () => {
    const { check, host, simulator } = await createMediaWorld({ effects })

    expect(dataOf(await check(FILE_INPUT))).toMatchObject({ suggest: 'pending', contentHash: BYTES_HASH })

    expect(host.requests).toEqual(['GET test-env.tcb.qcloud.la/a.png?sign=1'])
    expect(simulator.mediaJobs).toMatchObject([{ mediaUrl: FILE_URL }])
  })

  test.each([
    ['not public', ['10.0.0.1']],
    ['not known', []],
  ])('is not fetched from an address that is %s, and is left to WeChat', async (_, addresses) => {
    const { check, fetched, simulator } = await createMediaWorld({ effects, addresses })

    expect(dataOf(await check(FILE_INPUT))).toMatchObject({ contentHash: sha256(FILE_ID) })

    expect(fetched).toEqual([])
    expect(simulator.mediaJobs).toHaveLength(1)
  })

  test('is left to WeChat when the storage leads elsewhere, which is not followed', async () => {
    const { check, host } = await createMediaWorld({
      effects,
      answer: (_, response) => response.writeHead(302, { location: 'https://cdn.example.com/b' }).end(),
    })

    expect(dataOf(await check(FILE_INPUT))).toMatchObject({ contentHash: sha256(FILE_ID) })
    expect(host.requests).toHaveLength(1)
  })

  test('is refused when it is too large', async () => {
    const { check, simulator } = await createMediaWorld({
      effects,
      answer: (_, response) =>
        void response.writeHead(200, { 'content-length': 10 * MEBIBYTE + 1 }).flushHeaders(),
    })

    expect(codeOf(await check(FILE_INPUT))).toBe('MEDIA_TOO_LARGE')
    expect(simulator.requests()).toEqual([])
  })
})

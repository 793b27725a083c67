import { setTimeout as sleep } from 'node:timers/promises'
import type { AnyFunction } from '../shared/function/define.ts'
import type { Reply } from '../shared/function/reply.ts'
import { startLocalDeployment } from './localDeployment.ts'
import type { Simulator } from './simulator/simulator.ts'
import { DEFAULT_TEMPLATES } from './simulator/templates.ts'

/**
 * The whole story on one machine: a simulated phone on one side, the functions on the other, and every
 * request and reply between them.
 */
const deployment = await startLocalDeployment({
  environment: {},
  port: 0,
  simulatorPort: 0,
  output: 'ignore',
})
const { url, simulator, serverKey } = deployment
if (!simulator) throw new Error('the demo needs the simulated WeChat')

const BOLD = process.stdout.isTTY ? '\x1b[1m' : ''
const PLAIN = process.stdout.isTTY ? '\x1b[0m' : ''
const MAX_VALUE_LENGTH = 60
const MAX_LIST_LENGTH = 2
const MAX_JUDGING_MS = 10_000

let steps = 0

/** One line that says what happens, and a blank one before it. */
function step(title: string): void {
  steps++
  console.log(`\n${BOLD}${steps}. ${title}${PLAIN}`)
}

/** Calls a function as a mini program or a server would, and prints both sides. */
async function call(
  name: AnyFunction['name'],
  input: object,
  bearer?: string,
): Promise<Record<string, unknown>> {
  console.log(`   → POST /${name} ${short(input)}${bearer ? '  (with a token)' : ''}`)
  const response = await fetch(`${url}/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(bearer && { authorization: `Bearer ${bearer}` }) },
    body: JSON.stringify(input),
  })
  const reply = (await response.json()) as Reply<Record<string, unknown>>
  console.log(`   ← ${response.status} ${short(reply.ok ? reply.data : reply.error)}`)

  return reply.ok ? reply.data : {}
}

/** JSON with its long values cut, so that a step fits on a screen. */
const short = (value: object): string => JSON.stringify(value, (_, part) => shorten(part))

function shorten(part: unknown): unknown {
  if (typeof part === 'string' && part.length > MAX_VALUE_LENGTH) return `${part.slice(0, MAX_VALUE_LENGTH)}…`
  if (Array.isArray(part) && part.length > MAX_LIST_LENGTH) {
    return [...part.slice(0, MAX_LIST_LENGTH), `… ${part.length - MAX_LIST_LENGTH} more`]
  }
  return part
}

try {
  const phone = simulator.phone('alice')
  const [template] = DEFAULT_TEMPLATES
  if (!template) throw new Error('there is no template')

  step('Alice opens the mini program: wx.login gives a code, which is good once')
  const code = phone.login()
  const { token } = (await call('login', code)) as { token: string }
  await call('login', code)

  step('She shares her profile: encrypted by WeChat, decrypted with the session key that never leaves')
  const sealed = phone.userInfo()
  await call('decryptOpenData', sealed, token)

  step('Somebody changes one character of it on the way')
  await call(
    'decryptOpenData',
    { ...sealed, iv: `${sealed.iv[0] === 'A' ? 'B' : 'A'}${sealed.iv.slice(1)}` },
    token,
  )

  step('The same by cloudID, and her phone number by its own code')
  await call('decryptOpenData', phone.cloudId('weRunData'), token)
  await call('getPhoneNumber', phone.phoneNumber(), token)

  step(
    'She pays with her fingerprint: a challenge, the signed answer of her phone, a proof for the payment function',
  )
  const { challenge } = (await call(
    'createSoterChallenge',
    { purpose: 'pay', action: 'order-1001' },
    token,
  )) as { challenge: string }
  const signed = { ...phone.soter({ challenge }), purpose: 'pay' }
  await call('verifySoter', signed, token)

  step('The same answer again is worth nothing')
  await call('verifySoter', signed, token)

  step('She agrees to one message, which is sent once, however often the request is repeated')
  const results = phone.acceptSubscribe(template.id)
  await call('recordSubscription', { results }, token)
  await simulator.pushesDone()
  console.log('   WeChat has pushed the same tap meanwhile. It counts once:')
  await call('recordSubscription', { results: { [template.id]: 'filter' } }, token)
  const message = {
    templateId: template.id,
    page: 'pages/order/detail?id=1001',
    data: { character_string1: 'NO-1001', thing2: '一杯咖啡', date3: '2026-01-15 16:30', amount4: '￥18.00' },
    requestKey: 'order-1001-shipped',
  }
  await call('sendSubscribeMessage', message, token)
  await call('sendSubscribeMessage', message, token)
  await simulator.pushesDone()
  console.log(`   Her phone has ${simulator.sentMessages.length} message.`)

  step('A second message would need a second yes')
  await call('sendSubscribeMessage', { ...message, requestKey: 'order-1002-shipped' }, token)

  step('A server asks for a code for table 7, and Alice scans it')
  const image = (await call('getQrCode', { scene: 'table=7', page: 'pages/index/index' }, serverKey)) as {
    imageBase64: string
  }
  console.log(`   Her phone reads ${JSON.stringify(phone.scan(Buffer.from(image.imageBase64, 'base64')))}`)

  step('A code for something larger than 32 characters: the scene is a handle, and stands for it')
  const params = { shop: 'Xihu', table: 7, coupon: 'WELCOME' }
  const table = (await call('getQrCode', { params, page: 'pages/index/index' }, token)) as {
    imageBase64: string
  }
  const { scene } = phone.scan(Buffer.from(table.imageBase64, 'base64'))
  await call('resolveScene', { scene }, token)

  step('She writes a comment, then a rude one, then posts a picture')
  await call('checkContent', { type: 'text', scene: 2, content: '咖啡很好喝' }, token)
  await call('checkContent', { type: 'text', scene: 2, content: '快来赌博' }, token)
  await call('checkContent', { type: 'image', scene: 3, imageBase64: onePixelPng() }, token)

  step('A photo by its address: WeChat looks at it and tells later')
  const photo = { type: 'image', scene: 3, mediaUrl: 'https://cdn.weapp.example.com/risky-photo.jpg' }
  const { traceId } = (await call('checkContent', photo, token)) as { traceId: string }
  await call('getContentResult', { traceId }, token)
  await hasBeenJudged(simulator)
  console.log('   ⇐ WeChat has pushed its verdict to POST /receiveMessage, encrypted')
  await call('getContentResult', { traceId }, token)

  step('She writes to customer service; a forged push is not heard')
  phone.sendText('在吗？')
  await simulator.pushesDone()
  console.log(`   WeChat heard: ${JSON.stringify(simulator.pushes.at(-1)?.attempts.at(-1)?.body)}`)
  const forgery = new URLSearchParams({
    signature: 'f'.repeat(40),
    timestamp: String(Math.floor(Date.now() / 1000)),
    nonce: '1',
  })
  const forged = await fetch(`${url}/receiveMessage?${forgery}`, {
    method: 'POST',
    body: JSON.stringify({ MsgType: 'event', Event: 'wxa_media_check', trace_id: traceId }),
  })
  console.log(`   The forger heard: ${forged.status} ${JSON.stringify(await forged.text())}`)

  step('The timer looks after the access token; far from its end there is nothing to do')
  await call('refreshAccessToken', {}, serverKey)

  step('She logs out, and her token is worth nothing')
  await call('logout', { everywhere: true }, token)
  await call('checkSession', {}, token)
  console.log()
} finally {
  await deployment.close()
}

async function hasBeenJudged({ pushes, pushesDone }: Simulator): Promise<void> {
  for (let waitedMs = 0; waitedMs < MAX_JUDGING_MS; waitedMs += 100) {
    if (pushes.some(({ message }) => message.Event === 'wxa_media_check')) return pushesDone()
    await sleep(100)
  }
  throw new Error('the simulated WeChat has not judged the photo')
}

function onePixelPng(): string {
  return 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
}

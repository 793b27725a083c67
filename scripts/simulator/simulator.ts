import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { deliver } from './deliver.ts'
import type { DeliveryFailure } from './deliveries.ts'
import { createFaults, type Fault } from './faults.ts'
import { readIncoming } from './incomingCall.ts'
import { type AskedRequest, createJournal } from './journal.ts'
import type { Limits } from './limits.ts'
import type { MediaJob, MediaJudgement } from './mediaReview.ts'
import { createPhone, type Phone } from './phone.ts'
import { createPushControls, type PushControls } from './push/pushControls.ts'
import { serveApi } from './serveApi.ts'
import { answerPhone } from './servePhone.ts'
import { rotateSessionKey } from './users.ts'
import { type CustomerMessage, createWechat, type SentMessage, type WechatOptions } from './wechat.ts'

export type SimulatorOptions = WechatOptions & {
  /** 0, the default, takes any free port. */
  port?: number
}

/** A WeChat on this machine: a real HTTP server with WeChat's behaviour, and the phones of its users. */
export type Simulator = PushControls & {
  /** `http://127.0.0.1:<port>`, in place of `https://api.weixin.qq.com`. */
  readonly url: string
  /** The phone of a user; the same name is always the same phone. */
  phone(name: string): Phone
  readonly faults: { add(fault: Fault): void; clear(): void }
  /** How many effects WeChat took on this path: a code exchanged, a message sent, a new token made, a check done. */
  accepted(path: string): number
  /** How many of these the caller was told of in full. */
  answered(path: string): number
  /** What was asked, on one path or on all. */
  requests(path?: string): readonly AskedRequest[]
  /** TCP connections accepted so far. */
  readonly connections: number
  readonly sentMessages: readonly SentMessage[]
  /** The next messages are taken and use up their grant, but do not reach the phone. */
  failDeliveries(failure: DeliveryFailure): void
  /** How many messages the user still allows; `Infinity` for a long-term consent. */
  grantsLeft(openid: string, templateId: string): number
  readonly customerMessages: readonly CustomerMessage[]
  /** The media checks that were asked for. */
  readonly mediaJobs: readonly MediaJob[]
  /** Pushes a verdict on a media check; what is not given follows from words in its URL: risky, review, missing. */
  judgeMedia(traceId: string, judgement?: MediaJudgement): void
  readonly limits: Pick<Limits, 'setDailyQuota' | 'setMinuteLimit' | 'setLimitedCodesLeft'>
  /** Every living access token dies, as when another caller replaces it. */
  killAccessTokens(): void
  /** WeChat gives the user a new session key that no server knows. */
  rotateSessionKey(openid: string): void
  /** From now on exchanging a login code keeps a session key that lives, instead of rotating it. */
  keepSessionKeys(): void
  close(): Promise<void>
}

const WELCOME = `This is a simulated WeChat: the server API of one mini program, and the phones of its users.

  POST /phone/<name>/login    what wx.login gives on the phone of <name>; GET /phone lists the other actions
  GET  /cgi-bin/token …       the server API, as WeChat documents it
`

/** A burst of instances must not wait for the machine to let them in. */
const BACKLOG = 4096

/** Starts a simulated WeChat on 127.0.0.1. Rejects when the port is taken. */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const wechat = createWechat(options)
  const faults = createFaults()
  const journal = createJournal()
  const phones = new Map<string, Phone>()
  let connections = 0

  function phoneOf(name: string): Phone {
    const phone = phones.get(name) ?? createPhone(wechat, wechat.users.named(name))
    phones.set(name, phone)
    return phone
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const incoming = await readIncoming(request)
    const { path } = incoming
    if (path === '/') await deliver(response, { contentType: 'text/plain; charset=utf-8', body: WELCOME })
    else if (/^\/phone(\/|$)/.test(path)) await deliver(response, answerPhone(phoneOf, incoming))
    else await serveApi({ wechat, faults, journal }, incoming, response)
  }

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      // A caller who went away needs no answer; a fault of the simulator itself must not pass for one of WeChat's.
      if (response.headersSent || response.destroyed) response.destroy()
      else response.writeHead(500, { 'content-type': 'text/plain' }).end(`fault in the simulator: ${error}\n`)
    })
  })
  server.on('connection', () => {
    connections += 1
  })
  await new Promise<void>((resolve, reject) => {
    const address = { host: '127.0.0.1', port: options.port ?? 0, backlog: BACKLOG }
    server.once('error', reject).listen(address, resolve)
  })

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    phone: phoneOf,
    faults,
    accepted: journal.accepted,
    answered: journal.answered,
    requests: journal.requests,
    get connections() {
      return connections
    },
    sentMessages: wechat.sentMessages,
    failDeliveries: wechat.deliveries.fail,
    grantsLeft: wechat.grants.left,
    customerMessages: wechat.customerMessages,
    mediaJobs: wechat.mediaReview.jobs,
    judgeMedia: wechat.mediaReview.judge,
    ...createPushControls(wechat.pushes),
    limits: wechat.limits,
    killAccessTokens: wechat.accessTokens.killAll,
    rotateSessionKey(openid) {
      const user = wechat.users.withOpenid(openid)
      if (!user) throw new Error(`no user has the openid ${openid}`)
      rotateSessionKey(user)
    },
    keepSessionKeys() {
      wechat.keepsSessionKeys = true
    },
    async close() {
      wechat.mediaReview.close()
      await wechat.pushes.close()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        // Hung and idle connections would keep the server open for good.
        server.closeAllConnections()
      })
    },
  }
}

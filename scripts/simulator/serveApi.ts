import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { answerApi } from './answerApi.ts'
import { deliver } from './deliver.ts'
import { type Faults, toFaultAnswer } from './faults.ts'
import type { IncomingCall } from './incomingCall.ts'
import type { Journal } from './journal.ts'
import type { Wechat } from './wechat.ts'

export type ApiWorld = { readonly wechat: Wechat; readonly faults: Faults; readonly journal: Journal }

/**
 * One API request from arrival to answer: the one place where faults strike and where effects are counted.
 * An effect counts as accepted when it is taken, and as answered when WeChat's own answer to it left in full.
 */
export async function serveApi(
  world: ApiWorld,
  incoming: IncomingCall,
  response: ServerResponse,
): Promise<void> {
  const afterAnswer: (() => void)[] = []
  try {
    await answerOrFail(world, incoming, response, (callback) => void afterAnswer.push(callback))
  } finally {
    for (const callback of afterAnswer) callback()
  }
}

async function answerOrFail(
  { wechat, faults, journal }: ApiWorld,
  incoming: IncomingCall,
  response: ServerResponse,
  afterAnswer: (callback: () => void) => void,
): Promise<void> {
  const { method, path, query, bytes } = incoming
  journal.noteAsked({ method, path, query, body: bytes.toString(), atMs: wechat.nowMs() })

  const fault = faults.take(path)
  if (fault?.reset === 'before') return void response.destroy()
  if (fault?.hang === 'before') return

  let isTaken = false
  const took = () => {
    isTaken = true
    journal.noteAccepted(path)
  }
  const inPlace = fault && toFaultAnswer(fault)
  const isReached = !inPlace || fault.afterTaken
  const own = isReached ? await answerApi(wechat, incoming, { took, afterAnswer }) : undefined
  const answer = inPlace ?? own
  if (!answer) return

  if (fault?.latencyMs) await sleep(fault.latencyMs)
  if (fault?.reset === 'afterTaken') return void response.destroy()
  if (fault?.hang === 'afterTaken') return

  const isDelivered = await deliver(response, answer, fault)
  if (isDelivered && isTaken && answer === own) journal.noteAnswered(path)
}

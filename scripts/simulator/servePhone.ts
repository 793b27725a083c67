import type { Answer } from './api.ts'
import type { IncomingCall } from './incomingCall.ts'
import type { Phone } from './phone.ts'
import { type ActionInput, PHONE_ACTIONS } from './phoneActions.ts'
import { PhoneError } from './phoneError.ts'

const PHONE_PATH = /^\/phone\/([\w.-]{1,64})\/(\w+)$/

/** The device side over HTTP: `POST /phone/<name>/<action>`, for walks with curl; `GET /phone` says what there is. */
export function answerPhone(phoneOf: (name: string) => Phone, incoming: IncomingCall): Answer {
  const { method, path } = incoming
  if (method === 'GET' && path === '/phone') return answer(200, describe())

  const [, name, actionName = ''] = PHONE_PATH.exec(path) ?? []
  const action = Object.hasOwn(PHONE_ACTIONS, actionName) ? PHONE_ACTIONS[actionName] : undefined
  if (!name || !action) return answer(404, { error: `no such action: ${path}`, ...describe() })
  if (method !== 'POST') return answer(405, { error: 'a phone acts on POST' })

  try {
    return answer(200, action.run(phoneOf(name), readInput(incoming), incoming.bytes))
  } catch (error) {
    if (error instanceof PhoneError) return answer(400, { error: error.message })
    throw error
  }
}

function describe() {
  const actions = Object.entries(PHONE_ACTIONS).map(([name, { about }]) => [name, about])
  return { usage: 'POST /phone/<name>/<action>', actions: Object.fromEntries(actions) }
}

/** The query and the JSON body together; of a function's whole reply, its `data`. Other bodies are no input. */
function readInput({ query, bytes }: IncomingCall): ActionInput {
  const body = parseObject(bytes.toString())
  if (body.ok === false) throw new PhoneError(`the function answered an error: ${JSON.stringify(body.error)}`)
  const fields = body.ok === true && typeof body.data === 'object' ? body.data : body
  return { ...query, ...fields }
}

function parseObject(text: string): Record<string, unknown> {
  if (!text.trimStart().startsWith('{')) return {}
  try {
    return Object(JSON.parse(text))
  } catch {
    throw new PhoneError('the body is not JSON')
  }
}

const answer = (status: number, value: object): Answer => ({
  status,
  contentType: 'application/json; charset=utf-8',
  body: `${JSON.stringify(value)}\n`,
})

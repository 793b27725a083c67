import checkContent from '../../../functions/checkContent/index.ts'
import getContentResult from '../../../functions/getContentResult/index.ts'
import receiveMessage from '../../../functions/receiveMessage/index.ts'
import { readJob } from '../../../shared/state/mediaJobs.ts'
import { pngOf } from '../../core/imageSamples.ts'
import { pushedInput } from '../../support/pushedInput.ts'
import { dataOf, PUSH, type World } from '../../support/world.ts'
import type { Invocation, Operation } from './operation.ts'

const MEDIA = { type: 'image', scene: 1, mediaUrl: 'https://cdn.example.com/a.png' }

/** Verdicts on what users write and show. */
export const CONTENT_OPERATIONS = {
  'checkContent of a text': {
    fn: checkContent,
    path: '/wxa/msg_sec_check',
    prepare: prepareCheck({ type: 'text', scene: 1, content: 'tea' }),
  },
  'checkContent of an image': {
    fn: checkContent,
    path: '/wxa/img_sec_check',
    prepare: prepareCheck({ type: 'image', scene: 1, imageBase64: pngOf(8, 8).toString('base64') }),
  },
  'checkContent of a URL': {
    fn: checkContent,
    path: '/wxa/media_check_async',
    prepare: prepareCheck(MEDIA),
  },
  'getContentResult without a verdict': {
    fn: getContentResult,
    prepare: async (world) => prepareAsking(world, await submitMedia(world)),
  },
  'getContentResult with a verdict': {
    fn: getContentResult,
    async prepare(world) {
      const traceId = await submitMedia(world)
      await world.call(receiveMessage, await pushedVerdict(world, traceId), PUSH)
      return prepareAsking(world, traceId)
    },
  },
} as const satisfies Record<string, Operation>

function prepareCheck(input: object) {
  return async (world: World): Promise<Invocation> => {
    // WeChat judges only what recent users wrote.
    world.simulator.phone('alice').login()
    return { input, origin: world.wechatUser('alice') }
  }
}

/** The verdict that was told is written down with the job. */
const prepareAsking = (world: World, traceId: string): Invocation => ({
  input: { traceId },
  origin: world.wechatUser('alice'),
  async countEffects() {
    const { value: job } = await readJob(world.runtime.records(), traceId)
    return Number(job?.verdict !== undefined)
  },
})

/** Has an image checked, and returns its trace id. */
export async function submitMedia(world: World): Promise<string> {
  world.simulator.phone('alice').login()
  const { traceId = '' } = dataOf(await world.call(checkContent, MEDIA, world.wechatUser('alice')))
  return traceId
}

export const pushedVerdict = ({ simulator }: World, traceId: string) =>
  pushedInput(simulator, () => simulator.judgeMedia(traceId))

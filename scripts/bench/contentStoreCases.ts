import checkContent from '../../functions/checkContent/index.ts'
import getContentResult from '../../functions/getContentResult/index.ts'
import receiveMessage from '../../functions/receiveMessage/index.ts'
import { encodePng } from '../simulator/pixels.ts'
import { after, onCloudBase, type Prepare, pushed, repeated } from './prepareCall.ts'
import { AUTHENTICATED, NOTHING, type StoreCase } from './storeCase.ts'

const TEXT = { type: 'text', scene: 1, content: 'tea' }
const IMAGE = {
  type: 'image',
  scene: 1,
  imageBase64: encodePng({ width: 8, height: 8, data: new Uint8Array(8 * 8 * 4) }).toString('base64'),
}
const MEDIA = { type: 'image', scene: 1, mediaUrl: 'https://cdn.example.com/a.png' }
const NAMED_HOST = { MEDIA_HOSTS: 'cdn.example.com' }

const text = onCloudBase(checkContent, () => TEXT)
const image = onCloudBase(checkContent, () => IMAGE)
/** Media that were submitted for a verdict. */
export const submitted = onCloudBase(checkContent, () => MEDIA)
/** The verdict on them, pushed. */
export const judged = after(
  submitted,
  pushed(receiveMessage, (simulator) => simulator.judgeMedia(simulator.mediaJobs.at(-1)?.traceId ?? '')),
)
const asked: Prepare = (deployment) =>
  onCloudBase(getContentResult, () => ({ traceId: deployment.simulator.mediaJobs.at(-1)?.traceId }))(
    deployment,
  )

/** Verdicts on what users write and show. */
export const CONTENT_STORE_CASES = {
  'checkContent: a text, on CloudBase': { aims: NOTHING, prepare: text },
  'checkContent: a text, on CloudBase, the token has died': {
    prepare: (deployment) => {
      deployment.killAccessTokens()
      return text(deployment)
    },
  },
  'checkContent: a text, on CloudBase, a new instance': {
    aims: AUTHENTICATED,
    isCold: true,
    prepare: async (deployment) => {
      await deployment.warmUp()
      deployment.restart()
      return text(deployment)
    },
  },
  'checkContent: a text, on CloudBase, the first instance of all': {
    aims: { reads: 1, writes: 2 },
    isCold: true,
    prepare: text,
  },
  'checkContent: an image, on CloudBase': { aims: { reads: 1, writes: 1 }, prepare: image },
  'checkContent: an image, on CloudBase, judged before': { aims: AUTHENTICATED, prepare: repeated(image) },
  'checkContent: a URL, on CloudBase': { prepare: submitted },
  'checkContent: a URL that is looked at, on CloudBase': { environment: NAMED_HOST, prepare: submitted },
  'checkContent: a URL that is looked at, on CloudBase, judged before': {
    environment: NAMED_HOST,
    aims: AUTHENTICATED,
    prepare: after(after(judged, asked), submitted),
  },
  'getContentResult: on CloudBase, pending': {
    aims: { reads: 2, writes: 0 },
    prepare: after(submitted, asked),
  },
  'getContentResult: on CloudBase, told for the first time': {
    aims: { reads: 2, writes: 1 },
    prepare: after(judged, asked),
  },
  'getContentResult: on CloudBase, told for the first time of bytes looked at': {
    environment: NAMED_HOST,
    prepare: after(judged, asked),
  },
  'getContentResult: on CloudBase, told before': {
    aims: AUTHENTICATED,
    prepare: repeated(after(judged, asked)),
  },
} satisfies Record<string, StoreCase>

import { randomBytes } from 'node:crypto'
import getQrCode, { type GetQrCodeOutput } from '../../functions/getQrCode/index.ts'
import { drawCode } from '../../scripts/simulator/codeImage.ts'
import { sha256Hex } from '../../shared/core/digest.ts'
import { configProblem, Problem } from '../../shared/core/problem.ts'
import type { Origin } from '../../shared/function/caller.ts'
import type { Call } from '../../shared/function/invoke.ts'
import { cloud } from '../../shared/platform/cloudbase/cloud.ts'
import { createMemoryStore } from '../../shared/platform/memoryStore.ts'
import type { CloudFiles } from '../../shared/ports/cloudFiles.ts'
import { createListedStore } from '../support/listedStore.ts'
import { promptRandom } from '../support/promptRandom.ts'
import { createTestClock } from '../support/testClock.ts'
import { APP_ID, createWorld } from '../support/world.ts'
import { createStoreWithFaults } from './faults/storeWithFaults.ts'

export const UNLIMITED_PATH = '/wxa/getwxacodeunlimit'
export const LIMITED_PATH = '/wxa/getwxacode'
const PAGE = 'pages/index/index'

export const UNLIMITED = { scene: 'table-7', width: 1280 }
export const LIMITED = { type: 'limited', path: PAGE, width: 1280 }

/** A code that a camera can read, of exactly so many bytes: decoders ignore what comes behind its end. */
export function codeOfBytes(bytes: number): Buffer {
  const target = { appid: APP_ID, path: PAGE, envVersion: 'release' }
  const { body } = drawCode(target, { width: 280, color: [0, 0, 0], isHyaline: false })
  return Buffer.concat([body, randomBytes(bytes - body.length)])
}

/** CloudBase's storage as far as a function sees it. */
export function createStorage() {
  const saved: string[] = []
  const files = new Map<string, Buffer>()
  const storage = {
    /** Why it takes nothing, while it takes nothing. */
    problem: undefined as Problem | undefined,
    /** The paths of all files that were saved, one for each time. */
    saved,
    fileOf: (fileID = '') => files.get(fileID),
    port: {
      temporaryUrl: async () => {
        throw new Problem('NOT_FOUND')
      },
      async save(path, bytes) {
        if (storage.problem) throw storage.problem
        saved.push(path)
        files.set(`cloud://env.bucket/${path}`, Buffer.from(bytes))
        return `cloud://env.bucket/${path}`
      },
    } satisfies CloudFiles,
  }
  return storage
}

export const NO_STORAGE = configProblem('Storage for files', 'is there on CloudBase only')

export const pathOf = (image: Buffer): string => `weapp-functions/codes/${sha256Hex(image)}.jpeg`

/** A deployment that WeChat gives this image, whatever code it is asked for. */
export async function createLargeWorld(bytes: number, environment: Readonly<Record<string, string>> = {}) {
  const clock = createTestClock()
  const listed = createListedStore(createMemoryStore(clock))
  const store = createStoreWithFaults(listed, clock)
  const storage = createStorage()
  const world = await createWorld({
    environment,
    effects: {
      clock,
      memoryStore: store,
      random: promptRandom,
      cloud: { channel: cloud.channel, files: storage.port },
    },
  })
  const { simulator } = world
  const image = codeOfBytes(bytes)
  for (const path of [UNLIMITED_PATH, LIMITED_PATH]) {
    simulator.faults.add({ path, body: image, afterTaken: true, times: Number.POSITIVE_INFINITY })
  }
  const alice = world.wechatUser('alice')
  await world.runtime.accessTokens().current(clock.nowMs() + 5000)
  store.heal()

  return {
    world,
    clock,
    store,
    list: listed.list,
    storage,
    image,
    imageBase64: image.toString('base64'),
    make: (input: object = UNLIMITED, more: Partial<Call> = {}, origin: Origin = alice) =>
      world.call(getQrCode, input, origin, more),
    asked: (path: string) => simulator.requests(path).length,
    accepted: (path: string) => simulator.accepted(path),
    scan: ({ imageBase64 = '' }: GetQrCodeOutput) =>
      simulator.phone('bob').scan(Buffer.from(imageBase64, 'base64')),
  }
}

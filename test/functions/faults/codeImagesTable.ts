import type { Fault } from '../../../scripts/simulator/faults.ts'
import type { Cell } from './businessEndpointTable.ts'

/** What comes in place of a code's image, which its bytes tell and its headers do not. */
export type ImageFault = {
  readonly fault: string
  /** Gets the bytes of an image. */
  readonly strike: (image: Buffer) => Omit<Fault, 'path'>
  readonly unlimited: Cell
  /** Limited and classic, of which there is a stock. */
  readonly stocked: Cell
}

export const CODE_IMAGES: readonly ImageFault[] = [
  {
    fault: 'an error that calls itself an image',
    strike: () => ({ errcode: 41030, headers: { 'content-type': 'image/jpeg' } }),
    unlimited: ['PAGE_INVALID', 1, 0],
    stocked: ['PAGE_INVALID', 1, 0],
  },
  {
    fault: 'an image that calls itself JSON',
    strike: () => ({ headers: { 'content-type': 'application/json; encoding=utf-8' } }),
    unlimited: ['OK', 1, 1],
    stocked: ['OK', 1, 1],
  },
  {
    fault: 'an image that ends too early',
    strike: (image) => ({ body: image.subarray(0, -20), headers: { 'content-type': 'image/jpeg' } }),
    unlimited: ['UPSTREAM_BAD_RESPONSE', 1, 0],
    stocked: ['OUTCOME_UNKNOWN', 1, 0],
  },
  {
    fault: 'an image that breaks off on its way',
    strike: (image) => ({ cutAfterBytes: image.length / 2 }),
    unlimited: ['UPSTREAM_BAD_RESPONSE', 1, 1],
    stocked: ['OUTCOME_UNKNOWN', 1, 1],
  },
  {
    fault: 'bytes that are no image',
    strike: (image) => ({ body: Buffer.alloc(image.length, 7), headers: { 'content-type': 'image/jpeg' } }),
    unlimited: ['UPSTREAM_BAD_RESPONSE', 1, 0],
    stocked: ['OUTCOME_UNKNOWN', 1, 0],
  },
  {
    fault: 'word that all is well',
    strike: () => ({ errcode: 0, errmsg: 'ok' }),
    unlimited: ['UPSTREAM_BAD_RESPONSE', 1, 0],
    stocked: ['OUTCOME_UNKNOWN', 1, 0],
  },
]

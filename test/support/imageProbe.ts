import * as z from 'zod/mini'
import { defineFunction } from '../../shared/function/define.ts'

/** The smallest thing that begins like a PNG. */
export const IMAGE = Buffer.from('89504e470d0a1a0a', 'hex')

/** A function that answers an image. */
export const imageProbe = defineFunction({
  name: 'imageProbe',
  access: ['anonymous'],
  input: z.strictObject({}),
  uses: {},
  timeoutSeconds: 10,
  image: (output) => output,
  handle: async () => ({ contentType: 'image/png', imageBase64: IMAGE.toString('base64') }),
})

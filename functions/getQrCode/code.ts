import { inspectImage } from '../../shared/core/image.ts'

/** A code as it is kept and answered: the image itself, or where it is in CloudBase's storage. */
export type Code = CodeImage | CodeFile

export type CodeImage = { readonly contentType: string; readonly imageBase64: string }

type CodeFile = { readonly contentType: string; readonly fileID: string }

/** WeChat's image, of the type that its own bytes tell. */
export const toCodeImage = (image: Uint8Array): CodeImage => ({
  contentType: inspectImage(image)?.contentType ?? 'application/octet-stream',
  imageBase64: Buffer.from(image).toString('base64'),
})

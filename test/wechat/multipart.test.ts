import { expect, test } from 'vitest'
import { encodeMultipart } from '../../shared/wechat/multipart.ts'

/** The platform's own parser reads it back. */
async function parse({ headers, body }: ReturnType<typeof encodeMultipart>): Promise<File> {
  const form = await new Response(new Uint8Array(body), { headers }).formData()
  expect([...form.keys()]).toEqual(['media'])
  return form.get('media') as File
}

const upload = (bytes: Uint8Array) => ({
  partName: 'media',
  fileName: 'image.png',
  contentType: 'image/png',
  bytes,
})

test.each<[string, Uint8Array]>([
  ['nothing', new Uint8Array()],
  ['every byte there is', Uint8Array.from({ length: 256 }, (_, byte) => byte)],
  ['line ends and dashes', Buffer.from('\r\n--\r\n--weapp-functions--\r\n\r\n')],
  ['another form', encodeMultipart(upload(Buffer.from('inner'))).body],
])('a file of %s is read back as it was', async (_, bytes) => {
  const file = await parse(encodeMultipart(upload(bytes)))

  expect({ name: file.name, type: file.type }).toEqual({ name: 'image.png', type: 'image/png' })
  expect(Buffer.from(await file.arrayBuffer())).toEqual(Buffer.from(bytes))
})

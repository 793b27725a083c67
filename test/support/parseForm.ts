export type FormPart = { readonly bytes: Buffer; readonly contentType?: string; readonly fileName?: string }

/** Takes a multipart/form-data body (RFC 7578) apart without touching the bytes of its parts. */
export function parseForm(body: Buffer, contentType: string): Map<string, FormPart> {
  const [, boundary = ''] = /boundary="?([^";]+)"?/.exec(contentType) ?? []
  const parts = body.toString('latin1').split(`--${boundary}`).slice(1, -1)

  return new Map(
    parts.map((part) => {
      const [head = ''] = part.split('\r\n\r\n', 1)
      const bytes = Buffer.from(part.slice(head.length + 4, -2), 'latin1')
      const [, name = ''] = /[ ;]name="([^"]*)"/i.exec(head) ?? []
      const [, fileName] = /filename="([^"]*)"/i.exec(head) ?? []
      const [, type] = /content-type: *([^\r]+)/i.exec(head) ?? []
      return [name, { bytes, ...(fileName && { fileName }), ...(type && { contentType: type }) }]
    }),
  )
}

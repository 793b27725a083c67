import type { Simulator } from '../../scripts/simulator/simulator.ts'
import type { CloudAnswer } from './fakeCloudBase.ts'
import type { CloudCall } from './openApiWire.ts'

/** The HTTP side of the cloud calls, as WeChat documents the two side by side. */
const PATHS: Readonly<Record<string, string>> = {
  'cloudbase.getOpenData': '/wxa/getopendata',
  'phonenumber.getPhoneNumber': '/wxa/business/getuserphonenumber',
  'security.imgSecCheck': '/wxa/img_sec_check',
  'security.mediaCheckAsync': '/wxa/media_check_async',
  'security.msgSecCheck': '/wxa/msg_sec_check',
  'soter.verifySignature': '/cgi-bin/soter/verify_signature',
  'subscribeMessage.send': '/cgi-bin/message/subscribe/send',
  'wxacode.createQRCode': '/cgi-bin/wxaapp/createwxaqrcode',
  'wxacode.get': '/wxa/getwxacode',
  'wxacode.getUnlimited': '/wxa/getwxacodeunlimit',
}

/** Carries cloud calls out at a simulated WeChat, with a token of CloudBase's own as the real one does. */
export function cloudCallToSimulator(
  { url }: Pick<Simulator, 'url'>,
  app: { readonly appId: string; readonly appSecret: string },
): (call: CloudCall) => Promise<CloudAnswer> {
  return async ({ api, fields, files }) => {
    const path = PATHS[api]
    if (!path) return { errorCode: -604100 }

    const issued = await fetch(`${url}/cgi-bin/stable_token`, {
      method: 'POST',
      body: JSON.stringify({ grant_type: 'client_credential', appid: app.appId, secret: app.appSecret }),
    })
    const { access_token } = (await issued.json()) as { access_token: string }
    const query = new URLSearchParams({
      access_token,
      ...(api === 'cloudbase.getOpenData' && typeof fields.openid === 'string' && { openid: fields.openid }),
    })
    const response = await fetch(`${url}${path}?${query}`, { method: 'POST', body: bodyOf(fields, files) })

    return {
      body: Buffer.from(await response.arrayBuffer()),
      contentType: response.headers.get('content-type') ?? '',
    }
  }
}

function bodyOf(fields: CloudCall['fields'], files: CloudCall['files']): FormData | string {
  const uploads = Object.entries(files)
  if (uploads.length === 0) return JSON.stringify(fields)

  const form = new FormData()
  for (const [name, { bytes, fileName }] of uploads) {
    form.set(name, new Blob([new Uint8Array(bytes)]), fileName)
  }
  return form
}

import type { Suggest } from '../contentVerdict.ts'
import type { PushMessage } from './pushMessage.ts'

/** What the review found: a verdict, or with an errcode none. */
export type MediaVerdict = {
  readonly suggest: Suggest
  /** Real pushes carry a number, as documented, or the same as text. */
  readonly label: number | string
  /** 0, or -1008 when the media could not be downloaded. */
  readonly errcode: number
}

type MediaCheck = { readonly traceId: string; readonly openid: string }

/** `wxa_media_check` in its present shape. */
export const mediaCheckEvent = (
  appid: string,
  { traceId, openid }: MediaCheck,
  { suggest, label, errcode }: MediaVerdict,
): PushMessage => ({
  ...envelopeOf(openid),
  appid,
  trace_id: traceId,
  version: 2,
  errcode,
  ...(errcode === 0
    ? {
        errmsg: 'ok',
        detail: [{ strategy: 'content_model', errcode, suggest, label, prob: 90 }],
        result: { suggest, label },
      }
    : { errmsg: 'media download failed', detail: [] }),
})

/**
 * `wxa_media_check` as version 1 had it: no label, and no doubt either, so what should be reviewed counts as risky.
 * A negative errcode comes as an unsigned number of 32 bits.
 */
export const mediaCheckEventV1 = (
  appid: string,
  { traceId, openid }: MediaCheck,
  { suggest, errcode }: MediaVerdict,
): PushMessage => ({
  ...envelopeOf(openid),
  isrisky: errcode === 0 && suggest !== 'pass' ? 1 : 0,
  extra_info_json: '',
  appid,
  trace_id: traceId,
  status_code: errcode >>> 0,
  detail: [],
})

const envelopeOf = (openid: string) => ({
  FromUserName: openid,
  MsgType: 'event',
  Event: 'wxa_media_check',
})

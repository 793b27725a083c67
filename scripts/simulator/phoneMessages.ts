import { randomBytes } from 'node:crypto'
import type { PushMessage } from './push/pushMessage.ts'
import { markActive, type User } from './users.ts'
import type { Wechat } from './wechat.ts'

/** What a person does in the customer-service session. WeChat pushes each act, and then lets the server answer. */
export type PhoneMessages = {
  sendText(content: string): { msgId: string }
  sendImage(): { msgId: string }
  sendMiniProgramPage(page: { title: string; pagePath: string }): { msgId: string }
  /** Opens the session by a contact button; `sessionFrom` is that attribute of the button. */
  enterSession(sessionFrom?: string): void
}

export function createPhoneMessages(wechat: Wechat, user: User): PhoneMessages {
  function send(MsgType: string, fields: PushMessage): { msgId: string } {
    markActive(user, wechat.nowMs())
    wechat.replyWindows.open(user.openid, 'message')
    const MsgId = wechat.nextMsgId()
    wechat.pushes.push({ FromUserName: user.openid, MsgType, ...fields, MsgId })
    return { msgId: String(MsgId) }
  }

  return {
    sendText: (Content) => send('text', { Content }),

    sendImage: () => send('image', { PicUrl: makePictureUrl(), MediaId: makeMediaId() }),

    sendMiniProgramPage: ({ title, pagePath }) =>
      send('miniprogrampage', {
        Title: title,
        AppId: wechat.appId,
        PagePath: pagePath,
        ThumbUrl: makePictureUrl(),
        ThumbMediaId: makeMediaId(),
      }),

    enterSession(SessionFrom = '') {
      markActive(user, wechat.nowMs())
      wechat.replyWindows.open(user.openid, 'entry')
      const Event = 'user_enter_tempsession'
      wechat.pushes.push({ FromUserName: user.openid, MsgType: 'event', Event, SessionFrom })
    },
  }
}

const makeMediaId = () => randomBytes(48).toString('base64url')
const makePictureUrl = () => `http://mmbiz.qpic.cn/mmbiz_jpg/${randomBytes(24).toString('base64url')}/0`

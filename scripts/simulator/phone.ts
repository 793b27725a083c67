import { randomBytes } from 'node:crypto'
import { scanCode } from './codeImage.ts'
import { type OpenDataKind, readOpenData, readProfile } from './openData.ts'
import { PhoneError } from './phoneError.ts'
import { createPhoneMessages, type PhoneMessages } from './phoneMessages.ts'
import { createPhoneSubscriptions, type PhoneSubscriptions } from './phoneSubscriptions.ts'
import { encryptOpenData, type SealedData, signRawData } from './sessionCrypto.ts'
import { createSoterDevice, type SoterRequest, type SoterResult } from './soterDevice.ts'
import { markActive, type User } from './users.ts'
import { type Wechat, watermarkOf } from './wechat.ts'

/** The device side of WeChat: what the `wx.` calls of a mini program give, for one user on one device. */
export type Phone = PhoneSubscriptions &
  PhoneMessages & {
    readonly openid: string
    readonly unionid: string
    /** `wx.login`: a code for one exchange within five minutes. */
    login(): { code: string }
    /** `wx.getUserInfo` with credentials; `profile` leaves the openId out, as wx.getUserProfile does. */
    userInfo(options?: { profile?: boolean }): SealedData & { rawData: string; signature: string }
    /** The getPhoneNumber button: a code for one exchange within five minutes. */
    phoneNumber(): { code: string }
    /** The getPhoneNumber button as it was before codes. */
    encryptedPhoneNumber(): SealedData
    shareInfo(): SealedData
    groupEnterInfo(): SealedData
    weRunData(): SealedData
    privateMessage(activityId?: string): SealedData
    /** Open data by reference, to be exchanged within five minutes for this user. */
    cloudId(kind: OpenDataKind): { cloudID: string }
    /** `wx.startSoterAuthentication`. */
    soter(request: SoterRequest): SoterResult
    /** Another device of the same user, with hardware and counter of its own. */
    newDevice(): Phone
    /** Points the camera at a code: the page it opens and the scene the page is given. */
    scan(image: Uint8Array): { path: string; scene?: string }
  }

export function createPhone(wechat: Wechat, user: User): Phone {
  const { name, openid, unionid } = user
  const device = createSoterDevice(`${wechat.appId} ${name} ${user.devices.length + 1}`, wechat.nowMs)
  user.devices.push(device)

  const touch = () => markActive(user, wechat.nowMs())

  function requireSessionKey(): string {
    if (user.sessionKey) return user.sessionKey
    throw new PhoneError(
      `${name} has no session key yet: log in first, so that a server exchanges a login code`,
    )
  }

  function seal(kind: OpenDataKind, openData = readOpenData(kind, user, wechat.nowMs())): SealedData {
    touch()
    return encryptOpenData(
      JSON.stringify({ ...openData, watermark: watermarkOf(wechat) }),
      requireSessionKey(),
    )
  }

  return {
    openid,
    unionid,

    login() {
      touch()
      return { code: wechat.loginCodes.issue(user) }
    },

    userInfo({ profile = false } = {}) {
      const rawData = JSON.stringify(readProfile(user))
      const sealed = seal('userInfo', profile ? { ...readProfile(user), unionId: unionid } : undefined)
      return { rawData, signature: signRawData(rawData, requireSessionKey()), ...sealed }
    },

    phoneNumber() {
      touch()
      return { code: wechat.phoneCodes.issue(user) }
    },

    encryptedPhoneNumber: () => seal('phoneNumber'),
    shareInfo: () => seal('shareInfo'),
    groupEnterInfo: () => seal('groupEnterInfo'),
    weRunData: () => seal('weRunData'),
    privateMessage: (activityId) =>
      seal('privateMessage', readOpenData('privateMessage', user, wechat.nowMs(), activityId)),

    cloudId(kind) {
      touch()
      const cloudID = `39_${randomBytes(48).toString('base64url')}`
      const issuedAtMs = wechat.nowMs()
      wechat.cloudIds.set(cloudID, { openid, kind, data: readOpenData(kind, user, issuedAtMs), issuedAtMs })
      return { cloudID }
    },

    soter(request) {
      touch()
      if (request.challenge === '' || request.challenge.length > 512) {
        throw new PhoneError('a challenge has 1 to 512 characters (90004)')
      }
      return device.confirm(request)
    },

    newDevice: () => createPhone(wechat, user),

    ...createPhoneSubscriptions(wechat, user),
    ...createPhoneMessages(wechat, user),

    scan(image) {
      touch()
      const target = scanCode(image)
      if (!target) throw new PhoneError('no code of a mini program can be read from this image')
      const { appid, path, scene } = target
      if (appid !== wechat.appId) throw new PhoneError(`this code belongs to another mini program, ${appid}`)
      return { path, ...(scene !== undefined && { scene }) }
    },
  }
}

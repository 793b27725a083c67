import { createHash } from 'node:crypto'
import type { User } from './users.ts'

const DAY_MS = 86_400_000
const CHINA_OFFSET_MS = 8 * 3600_000
const RUN_DAYS = 31

const KINDS = [
  'userInfo',
  'phoneNumber',
  'shareInfo',
  'groupEnterInfo',
  'weRunData',
  'privateMessage',
] as const
export type OpenDataKind = (typeof KINDS)[number]

export const isOpenDataKind = (text: unknown): text is OpenDataKind => KINDS.some((kind) => kind === text)
export const OPEN_DATA_KINDS: readonly string[] = KINDS

/** Open data of one kind as it stands inside the encryption, but for the watermark. */
export function readOpenData(
  kind: OpenDataKind,
  user: User,
  nowMs: number,
  activityId = 'activity-1',
): object {
  switch (kind) {
    case 'userInfo':
      return { openId: user.openid, ...readProfile(user), unionId: user.unionid }
    case 'phoneNumber':
      return { phoneNumber: user.phoneNumber, purePhoneNumber: user.phoneNumber, countryCode: '86' }
    case 'shareInfo':
      return { openGId: GROUP_ID }
    case 'groupEnterInfo':
      // WeChat writes this one in lower case.
      return { opengid: GROUP_ID, chat_type: 3 }
    case 'weRunData':
      return { stepInfoList: readSteps(user, nowMs) }
    case 'privateMessage':
      return { activityId }
  }
}

/** The public profile: what `rawData` holds, without any id. */
export const readProfile = (user: User) => ({
  nickName: user.name,
  gender: 0,
  language: 'zh_CN',
  city: '',
  province: '',
  country: '',
  avatarUrl:
    'https://thirdwx.qlogo.cn/mmopen/vi_32/POgEwh4mIHO4nibH0KlMECNjjGxQUq24ZEaGT4poC6icRiccVGKSyXwibcPq4BWmiaIGuG1icwxaQX6grC9VemZoJ8rg/132',
})

/** The group that every simulated user shares into. */
const GROUP_ID = 'tGSimulated0Group0of0the0Users'

function readSteps(user: User, nowMs: number) {
  const today = Math.floor((nowMs + CHINA_OFFSET_MS) / DAY_MS) * DAY_MS - CHINA_OFFSET_MS
  return Array.from({ length: RUN_DAYS }, (_, index) => {
    const timestamp = (today - (RUN_DAYS - 1 - index) * DAY_MS) / 1000
    const step = createHash('sha256').update(`${user.name} ${timestamp}`).digest().readUInt16BE() % 20_000
    return { timestamp, step }
  })
}

import decryptOpenData from '../../functions/decryptOpenData/index.ts'
import login from '../../functions/login/index.ts'
import logout from '../../functions/logout/index.ts'
import { readProfile } from '../simulator/openData.ts'
import { signRawData } from '../simulator/sessionCrypto.ts'
import { createUsers, type User } from '../simulator/users.ts'
import type { Chance } from './chance.ts'
import { bring, DANGERS, route, type Story, startInstance } from './dangers.ts'
import type { Instance } from './instance.ts'
import { createStory, type Machine } from './machine.ts'
import type { IssuedKey } from './modelWechat.ts'
import { type Deeds, sessionOf } from './sessionHistory.ts'
import { checkSessions } from './sessionInvariants.ts'
import { APP_ID, type World } from './world.ts'

export type SessionSetting = {
  readonly dangers: ReadonlySet<(typeof DANGERS)[number]>
  readonly maxSkewMs: number
  readonly ttlSeconds: number
  readonly idleSeconds: number
}

/** A deployment with what its users have done so far. */
type UsersStory = Story & {
  readonly setting: SessionSetting
  readonly deeds: Deeds
  readonly users: readonly [User, ...User[]]
}

const CALM_MS = 60_000

/** One or two users log in and out on several instances, and use what they got. */
export const sessionMachine: Machine = {
  name: 'session',

  async run(seed, isTraced) {
    const { story, setting } = createStory(seed, isTraced, drawSetting)
    const deeds: Deeds = { logins: [], logouts: [], uses: [] }
    const known = createUsers(APP_ID)
    const users = [known.named('ming'), ...(story.chance.happens(0.5) ? [known.named('li')] : [])] as const
    plan({ ...story, setting, deeds, users })
    await story.world.scheduler.run()
    return { history: story.world.history, check: () => checkSessions(story.world, deeds, setting) }
  },
}

function drawSetting(chance: Chance) {
  const share = chance.pick([0, 0.2, 0.5])
  const ttlSeconds = chance.pick([900, 3600, 86_400])
  const idleSeconds = chance.pick([300, 86_400])
  return {
    dangers: new Set(DANGERS.filter(() => chance.happens(share))),
    maxSkewMs: chance.pick([0, 0, 0, 120_000, 600_000]),
    ttlSeconds,
    idleSeconds,
    environment: { SESSION_TTL_SECONDS: String(ttlSeconds), SESSION_IDLE_SECONDS: String(idleSeconds) },
  }
}

function plan(story: UsersStory): void {
  const { chance, users } = story
  const { scheduler } = story.world
  for (let count = chance.integer(1, 3); count > 0; count--) startInstance(story)

  let atMs = 0
  for (let count = chance.integer(4, 9); count > 0; count--) {
    scheduler.after(atMs, () => startCluster(story))
    atMs += chance.pick([50, 2000, 30_000, 290_000, 320_000, 700_000]) * chance.between(0.5, 1.1)
  }
  scheduler.after(atMs + CALM_MS, () => {
    for (const user of users) logIn(story, route(story), user)
  })
  scheduler.after(atMs + CALM_MS + 5000, () => {
    for (const { user, token } of users.map((user) => ({ user, token: tokensOf(story, user).at(-1) }))) {
      if (token) use(story, route(story), user, token, keysOf(story, user).at(-1))
    }
  })
}

function startCluster(story: UsersStory): void {
  const { chance, world, users, setting } = story
  if (chance.happens(0.2)) startInstance(story)

  const spreadMs = chance.pick([0, 30, 300, 3000])
  for (let count = chance.integer(1, 5); count > 0; count--) {
    world.scheduler.after(chance.between(0, spreadMs), () => act(story, route(story), chance.pick(users)))
  }
  for (const danger of setting.dangers) if (chance.happens(0.6)) bring(danger, story)
}

/** What one user does at one moment. */
function act(story: UsersStory, instance: Instance, user: User): void {
  const { chance, deeds } = story
  const token = pickLate(tokensOf(story, user), chance, 2)
  const deed = chance.fraction()
  if (token === undefined || deed < 0.25) {
    logIn(story, instance, user)
  } else if (deed < 0.4) {
    logIn(story, instance, user, { carried: token })
  } else if (deed < 0.45) {
    const code = deeds.logins.findLast(({ openid }) => openid === user.openid)?.code
    logIn(story, instance, user, code ? { code } : {})
  } else if (deed < 0.55) {
    logOut(story, instance, user, { token, isEverywhere: false })
  } else if (deed < 0.62) {
    logOut(story, instance, user, { token, isEverywhere: true })
  } else if (deed < 0.65) {
    logOut(story, instance, user, { token: undefined, isEverywhere: true })
  } else if (deed < 0.7) {
    for (let count = chance.integer(3, 14); count > 0; count--)
      use(story, route(story), user, token, undefined)
  } else {
    use(story, instance, user, token, pickLate(keysOf(story, user), chance, 3))
  }
}

const tokensOf = ({ deeds }: Pick<UsersStory, 'deeds'>, { openid }: User): readonly string[] =>
  deeds.logins.flatMap((entry) => (entry.openid === openid ? (sessionOf(entry)?.token ?? []) : []))

const keysOf = ({ world }: Story, { openid }: User): readonly IssuedKey[] =>
  world.wechat.keys.filter((key) => key.openid === openid)

/** One of several, the later the likelier. */
const pickLate = <T>(items: readonly T[], chance: Chance, bias: number): T | undefined =>
  items.at(-1 - Math.floor(chance.fraction() ** bias * items.length))

type Users = { readonly world: World; readonly deeds: Deeds }

export function logIn(
  { world, deeds }: Users,
  instance: Instance,
  { openid }: User,
  {
    code = world.wechat.issueCode(openid),
    carried,
  }: { readonly code?: string; readonly carried?: string } = {},
): void {
  const call = instance.call(
    login,
    { code },
    carried ? { kind: 'bearer', token: carried } : { kind: 'nobody' },
  )
  deeds.logins.push({ call, openid, code, carried })
}

export function logOut(
  { deeds }: Users,
  instance: Instance,
  { openid }: User,
  { token, isEverywhere }: { readonly token: string | undefined; readonly isEverywhere: boolean },
): void {
  const ofWechat = { kind: 'wechatUser', openid, appId: APP_ID, vouchedFields: new Set<string>() } as const
  const origin = token ? ({ kind: 'bearer', token } as const) : ofWechat
  const call = instance.call(logout, isEverywhere ? { everywhere: true } : {}, origin)
  deeds.logouts.push({ call, openid, token, isEverywhere })
}

export function use(
  { world, deeds }: Users,
  instance: Instance,
  user: User,
  token: string,
  key: IssuedKey | undefined,
): void {
  const rawData = JSON.stringify(readProfile(user))
  const signature = key ? signRawData(rawData, key.sessionKey) : '0'.repeat(40)
  const call = instance.call(decryptOpenData, { rawData, signature }, { kind: 'bearer', token })
  world.history.note(() => `   ${key ? `signed with the key of ${key.atMs}` : 'not signed'}`)
  deeds.uses.push({ call, openid: user.openid, token, key })
}

import { createUsers } from '../simulator/users.ts'
import type { Adversity } from './exploreCase.ts'
import type { Instance } from './instance.ts'
import { type Deeds, sessionOf } from './sessionHistory.ts'
import { checkSessions } from './sessionInvariants.ts'
import { logIn, logOut, use } from './sessionMachine.ts'
import { checkToken } from './tokenInvariants.ts'
import { checkText, refresh } from './tokenMachine.ts'
import { LIFE_MS, type TokenSetting } from './tokenSetting.ts'
import { APP_ID, type World } from './world.ts'

/** A few calls that meet, small enough to try every order in which their effects can be done. */
export type SmallCase = {
  readonly name: string
  readonly environment?: Readonly<Record<string, string>>
  /** What has happened before, in one order. */
  readonly prepare?: (scene: Scene) => Promise<void>
  /** What happens at one and the same moment, in every order. */
  readonly act: (scene: Scene) => void
  /** What is done later, in one order, to see what came of it. */
  readonly look: (scene: Scene) => void
  readonly check: (scene: Scene, adversity: Adversity) => void
}

export type Scene = { readonly world: World; readonly deeds: Deeds }

/** One deed after another, in any order, on one instance after another. */
const onEach =
  (...deeds: readonly ((scene: Scene, instance: Instance) => void)[]) =>
  (scene: Scene): void => {
    const { instances, scheduler } = scene.world
    for (const [index, deed] of deeds.entries()) {
      const instance = instances[index % instances.length]
      if (instance) scheduler.after(0, () => deed(scene, instance), instance)
    }
  }

const tokenCase = (mode: TokenSetting['mode']) => ({
  environment: { WECHAT_TOKEN_MODE: mode },
  look: ({ world }: Scene) => {
    for (const instance of world.instances) if (!instance.isDead) checkText(world, instance)
  },
  check: ({ world }: Scene, adversity: Adversity) => {
    const dangers: TokenSetting['dangers'] = new Set(
      adversity === 'none' ? [] : (['kill', 'store', 'wechat'] as const),
    )
    checkToken(world, { mode, dangers, maxSkewMs: 0, instances: 2 })
  },
})

const coldCalls = (mode: TokenSetting['mode']): SmallCase => ({
  ...tokenCase(mode),
  name: `two cold instances in ${mode} mode, one call each`,
  act: onEach(
    ({ world }, instance) => checkText(world, instance),
    ({ world }, instance) => checkText(world, instance),
  ),
})

const renewal = (mode: TokenSetting['mode']): SmallCase => ({
  ...tokenCase(mode),
  name: `a call and the timer at a renewal in ${mode} mode`,
  prepare: async ({ world }) => {
    const [first] = world.instances
    if (first) checkText(world, first)
    world.scheduler.after(LIFE_MS - 30_000, () => undefined)
    await world.scheduler.run()
  },
  act: onEach(
    ({ world }, instance) => checkText(world, instance),
    (_, instance) => refresh(instance),
  ),
})

const ming = createUsers(APP_ID).named('ming')
const LONG = 86_400

const sessionCase = {
  /** One session is there already. */
  prepare: async (scene: Scene) => {
    const [first] = scene.world.instances
    if (first) logIn(scene, first, ming)
    await scene.world.scheduler.run()
  },
  /** Every token that anybody got is tried with every key. */
  look: (scene: Scene) => {
    const [instance] = scene.world.instances.filter(({ isDead }) => !isDead)
    const tokens = scene.deeds.logins.flatMap((login) => sessionOf(login)?.token ?? [])
    for (const token of instance ? tokens : []) {
      for (const key of scene.world.wechat.keys) if (instance) use(scene, instance, ming, token, key)
    }
  },
  check: ({ world, deeds }: Scene, adversity: Adversity) =>
    checkSessions(world, deeds, {
      dangers: new Set(adversity === 'none' ? [] : (['kill', 'store', 'wechat', 'freeze'] as const)),
      maxSkewMs: 0,
      ttlSeconds: 7 * LONG,
      idleSeconds: 3 * LONG,
    }),
}

const tokenOf = ({ deeds }: Scene): string | undefined => deeds.logins[0] && sessionOf(deeds.logins[0])?.token

export const SMALL_CASES: readonly SmallCase[] = [
  coldCalls('stable'),
  coldCalls('classic'),
  renewal('stable'),
  renewal('classic'),
  {
    ...sessionCase,
    name: 'a login and a logout everywhere',
    act: onEach(
      (scene, instance) => logIn(scene, instance, ming),
      (scene, instance) => logOut(scene, instance, ming, { token: tokenOf(scene), isEverywhere: true }),
    ),
  },
  {
    ...sessionCase,
    name: 'two logins',
    act: onEach(
      (scene, instance) => logIn(scene, instance, ming),
      (scene, instance) => logIn(scene, instance, ming),
    ),
  },
  {
    ...sessionCase,
    name: 'a login that replaces a token, and the logout of that token',
    act: onEach(
      (scene, instance) => logIn(scene, instance, ming, carrying(tokenOf(scene))),
      (scene, instance) => logOut(scene, instance, ming, { token: tokenOf(scene), isEverywhere: false }),
    ),
  },
  {
    ...sessionCase,
    name: 'a login that replaces a token, and a use of that token',
    act: onEach(
      (scene, instance) => logIn(scene, instance, ming, carrying(tokenOf(scene))),
      (scene, instance) => use(scene, instance, ming, tokenOf(scene) ?? '', scene.world.wechat.keys[0]),
    ),
  },
]

const carrying = (carried: string | undefined) => (carried ? { carried } : {})

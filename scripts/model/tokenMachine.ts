import checkContent from '../../functions/checkContent/index.ts'
import refreshAccessToken from '../../functions/refreshAccessToken/index.ts'
import type { Chance } from './chance.ts'
import { bring, bringEpisode, route, type Story, startInstance } from './dangers.ts'
import type { Instance } from './instance.ts'
import { createStory, type Machine } from './machine.ts'
import { subjectOf } from './tokenHistory.ts'
import { checkToken } from './tokenInvariants.ts'
import {
  drawTokenSetting,
  LIFE_MS,
  RENEWED_BEFORE_END_MS,
  type TokenDanger,
  type TokenSetting,
} from './tokenSetting.ts'
import type { World } from './world.ts'

/** After this long without a fault nothing of it is felt any more: the longest pause is 60 s. */
const CALM_MS = 200_000
const LONGEST_CLUSTER_MS = 60_000

/** Several instances share an access token, through one or two of its renewals. */
export const tokenMachine: Machine = {
  name: 'token',

  async run(seed, isTraced) {
    const { story, setting } = createStory(seed, isTraced, (chance) => {
      const drawn = drawTokenSetting(chance)
      return { ...drawn, environment: { WECHAT_TOKEN_MODE: drawn.mode } }
    })
    plan(story, setting)
    await story.world.scheduler.run()
    return { history: story.world.history, check: () => checkToken(story.world, setting) }
  },
}

function plan(story: Story, setting: TokenSetting): void {
  const { chance, world } = story
  for (let count = 0; count < setting.instances; count++) startInstance(story)

  const moments = drawMoments(chance)
  for (const moment of moments) world.scheduler.after(moment, () => startCluster(story, setting))
  if (chance.happens(0.3)) startTimer(story)

  world.scheduler.after(Math.max(...moments) + LONGEST_CLUSTER_MS + CALM_MS, () => {
    for (const instance of world.instances) if (instance.isAwake()) checkText(world, instance)
  })
}

/** When calls come in clusters: at first, now and then, and most of all about the end of a token's life. */
function drawMoments(chance: Chance): readonly number[] {
  const moments = [0]
  if (chance.happens(0.5)) moments.push(chance.between(0, 20_000))
  if (chance.happens(0.3)) moments.push(chance.between(0, LIFE_MS))
  for (let life = chance.happens(0.2) ? 2 : 1; life > 0; life--) {
    const endMs = life * (LIFE_MS - chance.pick([0, 60_000, RENEWED_BEFORE_END_MS]))
    for (let count = chance.integer(1, 3); count > 0; count--) {
      moments.push(Math.max(0, endMs + chance.between(-1, 1) * chance.pick([5000, 70_000, 700_000])))
    }
  }
  return moments
}

/** Some calls that come together, and what goes wrong about then. */
function startCluster(story: Story, setting: TokenSetting): void {
  const { chance, world } = story
  if (chance.happens(0.2)) startInstance(story)

  const spreadMs = chance.pick([0, 20, 500, 5000, LONGEST_CLUSTER_MS])
  for (let count = chance.integer(1, 6); count > 0; count--) {
    world.scheduler.after(chance.between(0, spreadMs), () => {
      const instance = route(story)
      if (chance.happens(0.15)) refresh(instance)
      else checkText(world, instance, chance.happens(0.15) ? chance.between(2000, 10_000) : undefined)
    })
  }
  for (const danger of setting.dangers) if (chance.happens(0.7)) bringToTokens(danger, story, setting)
}

function bringToTokens(danger: TokenDanger, story: Story, setting: TokenSetting): void {
  const { chance } = story
  if (danger === 'secret') {
    bringEpisode(story, chance.pick([1000, 30_000, 200_000]), { area: 'tokens', faults: ['wrongSecret'] })
  } else if (danger !== 'refusals') {
    bring(danger, story)
  } else if (chance.happens(0.5)) {
    refuseLivingTokens(story)
  } else {
    story.world.scheduler.after(chance.between(0, 1000), () => endTokens(story, setting))
  }
}

/** WeChat refuses a token that lives, for a moment in which many calls come. */
function refuseLivingTokens(story: Story): void {
  const { chance, world, episodes } = story
  const fromMs = world.scheduler.nowMs()
  const durationMs = chance.between(1, 400)
  episodes.push({
    area: 'otherRequests',
    faults: ['invalidToken'],
    fromMs,
    untilMs: fromMs + durationMs,
    probability: chance.pick([0.5, 1]),
  })
  for (let count = chance.integer(0, 8); count > 0; count--) {
    world.scheduler.after(chance.between(0, durationMs), () => checkText(world, route(story)))
  }
}

/** Somebody else ends the tokens: all of them, or by fetching one without us. */
function endTokens({ chance, world }: Story, { mode }: TokenSetting): void {
  const { scheduler, history, wechat } = world
  const kind = chance.pick<'tokensKilled' | 'otherParty'>(['tokensKilled', 'otherParty'])
  const atMs = scheduler.nowMs()
  history.strikes.push({ kind, atMs, untilMs: atMs })
  history.note(() => kind)
  if (kind === 'tokensKilled') wechat.tokens.killAll()
  else if (mode === 'classic') wechat.tokens.nextClassic()
  else wechat.tokens.forceStable()
}

/** A call that needs the token and, but for that, no state. Its text tells its requests from those of others. */
export function checkText({ history }: World, instance: Instance, remainingMs?: number): void {
  const content = subjectOf({ id: history.calls.length + 1 })
  const input = { type: 'text', content, scene: 1, openid: 'o' } as const
  instance.call(checkContent, input, { kind: 'server' }, remainingMs)
}

export const refresh = (instance: Instance) => instance.call(refreshAccessToken, {}, { kind: 'timer' })

/** The schedule of the function, in the last minutes of the first token's life. */
function startTimer(story: Story): void {
  const firstMs = LIFE_MS - 480_000 + story.chance.between(0, 120_000)
  for (let count = 0; count < 5; count++) {
    story.world.scheduler.after(firstMs + count * 120_000, () => refresh(route(story)))
  }
}

import { expect, test } from 'vitest'
import { createStory } from '../../scripts/model/machine.ts'
import { TOKEN_PATHS } from '../../scripts/model/modelWechat.ts'
import { checkText } from '../../scripts/model/tokenMachine.ts'

const INSTANCES = 1000
/** One look, one after the lost race for the lease, and the polls while the holder fetches. */
const MAX_READS = 8

test.each(['stable', 'classic'])(
  'a thousand cold instances in %s mode fetch one token and read the record a few times each',
  async (mode) => {
    const { story } = createStory(1, false, () => ({
      dangers: new Set<string>(),
      maxSkewMs: 0,
      environment: { WECHAT_TOKEN_MODE: mode },
    }))
    const { world } = story
    for (let count = 0; count < INSTANCES; count++) checkText(world, world.startInstance())
    await world.scheduler.run()
    const { calls, requests, reads } = world.history

    expect(calls.filter(({ reply }) => reply?.ok)).toHaveLength(INSTANCES)
    expect(requests.filter(({ path }) => TOKEN_PATHS.has(path))).toHaveLength(1)
    expect(Math.max(...world.instances.map((instance) => reads.get(instance) ?? 0))).toBeLessThanOrEqual(
      MAX_READS,
    )
  },
)

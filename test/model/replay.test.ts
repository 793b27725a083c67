import { expect, test } from 'vitest'
import type { Machine } from '../../scripts/model/machine.ts'
import { explain, runSeeds } from '../../scripts/model/runSeeds.ts'
import { sessionMachine } from '../../scripts/model/sessionMachine.ts'
import { tokenMachine } from '../../scripts/model/tokenMachine.ts'

test.each([tokenMachine, sessionMachine])(
  'a seed of the $name machine tells the same story again',
  async (machine) => {
    for (const seed of [1, 2, 3]) expect(await explain(machine, seed)).toBe(await explain(machine, seed))
  },
)

test('a violation is told with its seed, its trace and the command that replays it', async () => {
  const broken: Machine = {
    name: 'token',
    async run(seed, isTraced) {
      const { history } = await tokenMachine.run(seed, isTraced)
      return {
        history,
        check: () => {
          if (seed === 5) throw new Error('I0 nothing breaks')
        },
      }
    },
  }
  const outcome = runSeeds(broken, 4, 3)

  await expect(outcome).rejects.toThrow(/i1 starts[\s\S]*seed 5: I0 nothing breaks/)
  await expect(outcome).rejects.toThrow('npm run model -- --machine token --seed 5')
})

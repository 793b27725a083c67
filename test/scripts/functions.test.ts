import { expect, test } from 'vitest'
import { declarationFaults, discoverFunctions, inspectFunctions, nameFault } from '../../scripts/functions.ts'
import { createScratchProject } from './scratchProject.ts'

const declaration = {
  name: 'getWeather',
  access: ['timer', 'server'],
  uses: {},
  timeoutSeconds: 10,
  schedule: { everyMinutes: 10 },
  handle: async () => ({}),
}

test('a declaration as it should be has no faults', () => {
  expect(declarationFaults('getWeather', Object.freeze({ ...declaration }))).toEqual([])
})

const faulty: readonly [cause: string, change: object, fault: string][] = [
  ['another name', { name: 'weather' }, "declares the name 'weather'"],
  ['no name', { name: undefined }, "declares the name 'undefined'"],
  ['an unknown access', { access: ['timer', 'everybody'] }, 'access is not a list of anonymous, user'],
  ['no access', { access: [] }, 'access is not a list of anonymous, user'],
  ['a time of none', { timeoutSeconds: 0 }, 'timeoutSeconds is not an integer from 1 to 60'],
  ['a time too long', { timeoutSeconds: 61 }, 'timeoutSeconds is not an integer from 1 to 60'],
  ['half a second', { timeoutSeconds: 1.5 }, 'timeoutSeconds is not an integer from 1 to 60'],
  ['no time', { timeoutSeconds: undefined }, 'timeoutSeconds is not an integer from 1 to 60'],
  ['an odd schedule', { schedule: { everyMinutes: 7 } }, 'schedule is none that both platforms can keep'],
  ['a schedule without timer', { access: ['server'] }, "access does not include 'timer'"],
]

test.each(faulty)('a declaration with %s is named as faulty in one line', (_cause, change, fault) => {
  const faults = declarationFaults('getWeather', Object.freeze({ ...declaration, ...change }))

  expect(faults).toEqual([expect.stringContaining(fault)])
  expect(faults[0]).toMatch(/^functions\/getWeather: [^\n]+$/)
})

test('a declaration that can still be changed is faulty', () => {
  expect(declarationFaults('getWeather', { ...declaration })).toEqual([
    expect.stringContaining('is not frozen'),
  ])
})

test.each([undefined, null, 'getWeather', () => {}, {}])('%s is no declaration', (value) => {
  expect(declarationFaults('getWeather', value)).toEqual([expect.stringContaining('is no defineFunction')])
})

test.each(['login', 'getPhoneNumber', 'code2Session', 'a'.repeat(60)])('%s is a name', (name) => {
  expect(nameFault(name)).toBeUndefined()
})

test.each([
  '',
  'Login',
  'get-weather',
  'get_weather',
  '2login',
  '../login',
  'got weather',
  'delete',
  'a'.repeat(61),
])('%j is refused as a name', (name) => {
  expect(nameFault(name)).toMatch(/^the name is [^\n]+$/)
})

test('every function of the project is found, in the order of their names', async () => {
  const names = (await discoverFunctions()).map(({ name }) => name)

  expect(names).toContain('login')
  expect(names).toEqual([...names].sort())
})

test('each faulty folder is named, and the sound ones are still found', async () => {
  const root = await createScratchProject({
    'functions/empty/notes.md': '',
    'functions/broken/index.ts': `throw new Error('broken on import')`,
    'functions/sound/index.ts': `
      import * as z from 'zod/mini'
      import { defineFunction } from '../../shared/function/define.ts'
      export default defineFunction({
        name: 'sound', access: ['user'], input: z.strictObject({}), uses: {}, timeoutSeconds: 1, handle: async () => ({}),
      })`,
  })

  const { functions, faults } = await inspectFunctions(root)

  expect(functions.map(({ name }) => name)).toEqual(['sound'])
  expect(faults).toEqual([
    expect.stringMatching(/^functions\/broken: cannot be imported: .*broken on import/),
    'functions/empty: has no index.ts',
  ])
  await expect(discoverFunctions(root)).rejects.toThrow('functions/empty: has no index.ts')
})

import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { inspectFunctions } from '../../scripts/functions.ts'
import { createFunction } from '../../scripts/new.ts'
import { createScratchProject } from './scratchProject.ts'

test('a new function is a sound declaration with a test beside it', async () => {
  const root = await createScratchProject({})

  const files = await createFunction('getWeather', root)

  expect(files).toEqual(['functions/getWeather/index.ts', 'test/functions/getWeather.test.ts'])
  const { functions, faults } = await inspectFunctions(root)
  expect(faults).toEqual([])
  expect(functions.map(({ name }) => name)).toEqual(['getWeather'])
  expect(await readFile(join(root, 'test/functions/getWeather.test.ts'), 'utf8')).toContain(
    'next: say here what getWeather answers',
  )
})

test.each(['', 'Weather', 'get-weather', '../weather', 'delete', 'a'.repeat(61)])(
  '%j is refused in one line and nothing is written',
  async (name) => {
    const root = await createScratchProject({})

    await expect(createFunction(name, root)).rejects.toThrow(/^'.*': the name is [^\n]+$/)

    expect(existsSync(join(root, 'functions'))).toBe(false)
    expect(existsSync(join(root, 'test'))).toBe(false)
  },
)

test.each(['functions/getWeather/notes.md', 'test/functions/getWeather.test.ts'])(
  'a name is taken when %s exists, and nothing is written',
  async (path) => {
    const root = await createScratchProject({ [path]: 'mine' })

    await expect(createFunction('getWeather', root)).rejects.toThrow(/^'getWeather': .* exists already$/)

    expect(await readFile(join(root, path), 'utf8')).toBe('mine')
    expect(existsSync(join(root, 'functions/getWeather/index.ts'))).toBe(false)
  },
)

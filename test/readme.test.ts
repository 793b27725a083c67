import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { discoverFunctions } from '../scripts/functions.ts'
import { VARIABLES } from '../shared/core/config.ts'
import { PROBLEMS } from '../shared/core/problem.ts'

const read = (file: string) => readFileSync(join(import.meta.dirname, '..', file), 'utf8')

const { dependencies, devDependencies, scripts } = JSON.parse(read('package.json'))
const functions = await discoverFunctions()

for (const file of ['README.md', 'README.zh-CN.md']) {
  const words = new Set(read(file).match(/[@\w][\w@/.:-]*\w/g))
  const absent = (names: readonly string[]) => names.filter((name) => !words.has(name))

  test(`${file} names every function, error code and variable`, () => {
    expect(absent(functions.map(({ name }) => name))).toEqual([])
    expect(absent(Object.keys(PROBLEMS))).toEqual([])
    expect(absent(VARIABLES)).toEqual([])
  })

  test(`${file} says why each dependency is there`, () => {
    expect(absent(Object.keys({ ...dependencies, ...devDependencies }))).toEqual([])
  })

  test(`${file} gives the HTTP status of each code as it is`, () => {
    const rows = read(file)
      .split('\n')
      .filter((line) => /^\| `[A-Z_]+`/.test(line))
    const wrong = Object.entries(PROBLEMS).filter(([code, { status }]) => {
      const row = rows.find((line) => line.split('|')[1]?.includes(`\`${code}\``))
      return !row?.split('|')[2]?.includes(String(status))
    })

    expect(wrong.map(([code]) => code)).toEqual([])
  })

  test(`${file} mentions no command that does not exist`, () => {
    const commands = [...read(file).matchAll(/npm run ([\w:]+)/g)].map(([, name = '']) => name)

    expect(commands.filter((name) => !(name in scripts))).toEqual([])
  })
}

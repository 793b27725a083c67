import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '..')

type Source = { readonly file: string; readonly text: string }

const sources = (folder: string): readonly Source[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => ({
      file: join(folder, name),
      text: readFileSync(join(ROOT, folder, name), 'utf8'),
    }))

const importsOf = ({ text }: Source): readonly string[] =>
  [...text.matchAll(/(?:from|import)\s*\(?'([^']+)'/g)].map(([, specifier = '']) => specifier)

/** Where a relative import leads, from the project's root; a package's name as it is. */
const resolveImport = ({ file }: Source, specifier: string): string =>
  specifier.startsWith('.') ? normalize(join(dirname(file), specifier)) : specifier

/** What each part may import: a path begins with one of these. */
const ALLOWED: Readonly<Record<string, readonly RegExp[]>> = {
  functions: [/^zod\/mini$/, /^shared\/(core|function|push|state|wechat\/endpoints)\//],
  'shared/core': [/^node:(crypto|util)$/, /^shared\/(core|ports)\//],
  'shared/push': [/^node:crypto$/, /^@rgrove\/parse-xml$/, /^shared\/(core|ports|push)\//],
  'shared/ports': [/^shared\/ports\//],
  'shared/state': [/^shared\/(core|ports|state)\//],
  'shared/wechat': [/^shared\/(core|ports|state|wechat)\//],
  'shared/function': [/^zod\/mini$/, /^shared\/(core|ports|state|wechat|function)\//],
  'shared/platform': [/^node:/, /^shared\//, /^(aws-lambda|wx-server-sdk|@cloudbase\/node-sdk)$/],
}

for (const [part, allowed] of Object.entries(ALLOWED)) {
  test(`${part} imports nothing that it should not know`, () => {
    const forbidden = sources(part).flatMap((source) =>
      importsOf(source)
        .map((specifier) => resolveImport(source, specifier))
        .filter((target) => dirname(target) !== dirname(source.file))
        .filter((target) => !allowed.some((pattern) => pattern.test(target)))
        .map((target) => `${source.file} imports ${target}`),
    )

    expect(forbidden).toEqual([])
  })
}

test('the clock, chance, the environment and the network are touched by the platform alone', () => {
  const effects =
    /\b(Date\.now|new Date\(\)|Math\.random|process\.env|console\.|performance\.now)|(?<![\w.])fetch\(['"`]/
  const touching = [...sources('functions'), ...sources('shared')]
    .filter(({ file }) => relative('shared/platform', file).startsWith('..'))
    .filter(({ text }) => effects.test(text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')))
    .map(({ file }) => file)

  expect(touching).toEqual([])
})

test('zod is imported in its small form, which weighs a thirtieth', () => {
  const large = [...sources('functions'), ...sources('shared')]
    .filter((source) => importsOf(source).includes('zod'))
    .map(({ file }) => file)

  expect(large).toEqual([])
})

import type { Distribution } from './statistics.ts'

export type Aim = { readonly atMost: number } | { readonly atLeast: number }

/** A number, where it can be told the range that half of the measurements lie in, and what it should be. */
export type Figure = {
  readonly value: number
  readonly digits?: number
  readonly spread?: Distribution
  readonly aim?: Aim | undefined
}

/** A number of things. */
export const toCount = (value: number, aim?: Aim): Figure => ({ value, digits: 0, aim })

export type Row = { readonly name: string; readonly cells: readonly (Figure | undefined)[] }

/** One thing that was measured, a line for each of its cases. */
export type Section = {
  readonly title: string
  /** How to read it, where the columns do not say it all. */
  readonly notes?: readonly string[]
  readonly columns: readonly string[]
  readonly rows: readonly Row[]
}

export function toText({ title, notes = [], columns, rows }: Section): string {
  const names = alignLeft(['', ...rows.map(({ name }) => name)])
  const table = columns.map((column, at) => {
    const figures = rows.map(({ cells }) => cells[at])
    const values = alignRight(figures.map(toValue))
    return alignLeft([column, ...figures.map((figure, row) => values[row] + toRemark(figure))])
  })
  const lines = names.map((name, line) =>
    [name, ...table.map((column) => column[line])].join('   ').trimEnd(),
  )

  return [title, ...notes, ...lines].join('\n  ')
}

/** Every figure that is not what it should be, in a line of its own. */
export const missedAims = ({ title, columns, rows }: Section): readonly string[] =>
  rows.flatMap(({ name, cells }) =>
    cells.flatMap((figure, at) =>
      figure && isMissed(figure)
        ? [`${title}: ${name}: ${columns[at]}: ${toValue(figure)}${toRemark(figure)}`]
        : [],
    ),
  )

const toValue = (figure: Figure | undefined): string => figure?.value.toFixed(figure.digits ?? 1) ?? '–'

function toRemark(figure: Figure | undefined): string {
  if (!figure) return ''

  const { digits = 1, spread, aim } = figure
  const range = spread ? ` [${spread.low.toFixed(digits)}–${spread.high.toFixed(digits)}]` : ''
  const verdict = aim ? ` (aim ${limitOf(aim)}${isMissed(figure) ? ': MISSED' : ''})` : ''
  return range + verdict
}

const limitOf = (aim: Aim): string => ('atMost' in aim ? `≤ ${aim.atMost}` : `≥ ${aim.atLeast}`)

function isMissed({ value, aim }: Figure): boolean {
  if (!aim) return false

  return 'atMost' in aim ? value > aim.atMost : value < aim.atLeast
}

const alignLeft = (texts: readonly string[]): readonly string[] =>
  texts.map((text) => text.padEnd(longest(texts)))

const alignRight = (texts: readonly string[]): readonly string[] =>
  texts.map((text) => text.padStart(longest(texts)))

const longest = (texts: readonly string[]): number => Math.max(...texts.map(({ length }) => length))

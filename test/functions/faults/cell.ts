import type { ProblemCode } from '../../../shared/core/problem.ts'
import { OPERATION_NAMES, type OperationName } from './operations.ts'

/** How a call ends. */
export type Code = 'OK' | ProblemCode

/** Why a fault cannot meet an operation. */
export type Exempt = { readonly exempt: string }

export const exempt = (reason: string): Exempt => ({ exempt: reason })

export const isExempt = (cell: unknown): cell is Exempt =>
  typeof cell === 'object' && cell !== null && 'exempt' in cell

/** One row of a table: a cell for every operation there is. */
export type Row<C> = Readonly<Record<OperationName, C | Exempt>>

/** The operations that a row has something to say about. */
export const concernedBy = <C>(row: Row<C>): readonly (readonly [OperationName, C])[] =>
  OPERATION_NAMES.flatMap((name) => {
    const cell = row[name]
    return isExempt(cell) ? [] : [[name, cell] as const]
  })

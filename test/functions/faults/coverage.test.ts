import { describe, expect, test } from 'vitest'
import { discoverFunctions } from '../../../scripts/functions.ts'
import { VARIABLES } from '../../../shared/core/config.ts'
import { BUSINESS_ENDPOINT, MISTYPED } from './businessEndpointTable.ts'
import { exempt, isExempt, type Row } from './cell.ts'
import { JUMPS, READY_BEFORE, REPEATED_AFTER } from './clockJumpsTable.ts'
import { CODE_IMAGES } from './codeImagesTable.ts'
import { CONFIGURATION } from './configurationTable.ts'
import { DUPLICATES } from './duplicatesTable.ts'
import { HALTS } from './haltsTable.ts'
import type { Operation } from './operation.ts'
import { OPERATION_NAMES, OPERATIONS, type OperationName } from './operations.ts'
import { STATE_STORE } from './stateStoreTable.ts'
import { NEEDS_TOKEN, TOKEN_ENDPOINT } from './tokenEndpointTable.ts'
import { SPOILT, UNREADABLE } from './unreadableRecordsTable.ts'

const business = (...faults: readonly string[]): readonly Row<unknown>[] => [
  ...BUSINESS_ENDPOINT.filter(({ fault }) => faults.includes(fault)).map(({ row }) => row),
  // The token's endpoint fails in the same ways.
  ...TOKEN_ENDPOINT.filter(({ fault }) => faults.includes(fault)).map(() => NEEDS_TOKEN),
]

const each = (cellOf: (name: OperationName) => unknown): Row<unknown> =>
  Object.fromEntries(OPERATION_NAMES.map((name) => [name, cellOf(name)])) as Row<unknown>

const IMAGES = each((name) =>
  name.startsWith('getQrCode') ? CODE_IMAGES : exempt('is answered in JSON or not at all'),
)

const RECORDS = each((name) => {
  const found = Object.values(UNREADABLE).some((meetings) => meetings.some(([finder]) => finder === name))
  return found ? SPOILT : exempt('reads no record')
})

const VARIABLES_OF_ALL = VARIABLES.map((variable) =>
  each((name) => (CONFIGURATION[variable].neededBy.includes(name) ? 'CONFIG_ERROR' : 'OK')),
)

/** What every function has to withstand, and the rows that say how. */
const REQUIREMENTS: Readonly<Record<string, readonly Row<unknown>[]>> = {
  'nothing can be sent': business('a connection that is refused', 'a host that does not resolve'),
  'headers or a body that are slow': business(
    'headers that come too late',
    'a body that trickles for too long',
    'headers that come late',
    'a body that trickles',
  ),
  'no answer to what was sent': business(
    'a reset before it is taken',
    'a reset once it is taken',
    'one reset before it is taken',
    'one reset once it is taken',
    'no answer, and nothing taken',
    'no answer, though it is taken',
  ),
  'a busy WeChat': business(
    'errcode -1',
    'one errcode -1',
    'status 500',
    'status 502',
    'status 502, though it is taken',
    'one status 503',
  ),
  'a refused token': business(
    'one errcode 40001',
    'one errcode 40014',
    'one errcode 42001',
    'errcode 40001',
    'errcode 40014',
    'errcode 42001',
  ),
  'a limit on the rate': business('errcode 45009', 'errcode 45011', 'status 429'),
  'an answer that is none': [
    ...business(
      'a page',
      'a page, though it is taken',
      'an empty answer',
      'an empty answer, though it is taken',
      'an answer that breaks off',
      'a list',
      'a text',
      'a number',
      'null',
      'an errcode that is no number',
      'an object without a field',
    ),
    MISTYPED,
  ],
  'something else in place of an image': [IMAGES],
  'an invocation that comes twice': [DUPLICATES],
  'a process that is outlived or dies': [HALTS],
  'a store that is out of reach, slow, throttled or contended': [STATE_STORE],
  'a record that nobody can read': [RECORDS],
  'a clock that jumps': [READY_BEFORE, REPEATED_AFTER],
  'a deployment that is misconfigured': VARIABLES_OF_ALL,
}

test('every function is called in these tables', async () => {
  const operations: readonly Operation[] = Object.values(OPERATIONS)

  expect([...new Set(operations.map(({ fn }) => fn.name))].sort()).toEqual(
    (await discoverFunctions()).map(({ name }) => name),
  )
})

describe.each(Object.entries(REQUIREMENTS))('%s', (_, rows) => {
  test('has a cell for every function, or the reason why there is none', () => {
    expect(rows.length).toBeGreaterThan(0)
    for (const row of rows) {
      expect(Object.keys(row).sort()).toEqual([...OPERATION_NAMES].sort())
      for (const name of OPERATION_NAMES) {
        const cell = row[name]
        if (isExempt(cell)) expect(cell.exempt).not.toBe('')
        else expect(cell, name).toBeTruthy()
      }
    }
  })
})

test('no row of the endpoint tables stands outside of what is required', () => {
  const required = new Set(Object.values(REQUIREMENTS).flat())

  expect(BUSINESS_ENDPOINT.filter(({ row }) => !required.has(row)).map(({ fault }) => fault)).toEqual([])
})

test('every jump of the clock is in every row', () => {
  for (const row of [READY_BEFORE, REPEATED_AFTER]) {
    for (const name of OPERATION_NAMES) {
      const cell = row[name]
      if (!isExempt(cell)) expect(Object.keys(cell)).toEqual(Object.keys(JUMPS))
    }
  }
})

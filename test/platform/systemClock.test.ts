import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { systemClock } from '../../shared/platform/systemClock.ts'

test('a sleep ends by itself', async () => {
  await expect(systemClock.sleep(1)).resolves.toBeUndefined()
})

test('a sleep ends when its signal is aborted', async () => {
  const controller = new AbortController()
  const sleep = systemClock.sleep(60_000, controller.signal)

  controller.abort()

  await expect(sleep).resolves.toBeUndefined()
})

test('a sleep does not begin when its signal was aborted before', async () => {
  await expect(systemClock.sleep(60_000, AbortSignal.abort())).resolves.toBeUndefined()
})

test('a process that only sleeps wakes up', async () => {
  const clockUrl = new URL('../../shared/platform/systemClock.ts', import.meta.url).href
  const code = `const { systemClock } = await import('${clockUrl}'); await systemClock.sleep(5); console.log('awake')`

  const { stdout } = await promisify(execFile)(process.execPath, [
    '--import',
    'tsx',
    '--input-type=module',
    '-e',
    code,
  ])

  expect(stdout).toBe('awake\n')
})

import { afterAll, beforeAll, expect, test } from 'vitest'
import { startNode } from './support/child.ts'
import { copyProject } from './support/projectCopy.ts'

let project: Awaited<ReturnType<typeof copyProject>>
let exitCode: number | string
let output: string

beforeAll(async () => {
  project = await copyProject()
  const child = startNode(['--import', 'tsx', 'scripts/demo.ts'], { cwd: project.folder, environment: {} })
  exitCode = await child.exited
  output = child.output
}, 30_000)

afterAll(() => project.remove())

test('the demo runs to its end', () => {
  expect(exitCode).toBe(0)
  expect(output).not.toMatch(/undefined|Error:|INTERNAL|CONFIG_ERROR/)
})

test.each([
  ['a code, which is good once', ['200 .*"token"', '400 .*CODE_USED']],
  ['encrypted by WeChat', ['200 .*"nickName":"alice".*"integrity":"verified"']],
  ['changes one character', ['400 .*DECRYPT_FAILED']],
  ['by cloudID', ['200 .*"source":"cloudID"', '200 .*"phoneNumber"']],
  ['with her fingerprint', ['200 .*"challenge"', '200 .*"verified":true.*"action":"order-1001".*"proof"']],
  ['is worth nothing', ['403 .*BIOMETRIC_FAILED']],
  ['which is sent once', ['200 .*"sent"', '200 .*"repeated":true', 'Her phone has 1 message']],
  ['would need a second yes', ['409 .*USER_REFUSED']],
  ['a code for table 7', ['200 .*image/jpeg', 'reads .*"scene":"table=7"']],
  ['then a rude one', ['200 .*"pass"', '200 .*"risky"', '200 .*"pass"']],
  ['The timer', ['200 .*"refreshed":false']],
  ['She logs out', ['200 .*"revoked":1', '401 .*UNAUTHENTICATED']],
])('its step "%s" shows what it says', (words, results) => {
  const step = output.split(/\n(?=\d+\. )/).find((text) => text.split('\n')[0]?.includes(words)) ?? ''

  expect(step).toMatch(new RegExp(results.join('[\\s\\S]*')))
})

import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { Secret } from '../../shared/core/secret.ts'

const secret = new Secret('canary')

test('a secret is told only to those who ask for it', () => {
  expect(secret.reveal()).toBe('canary')
})

test.each([
  ['a template', `${secret}`],
  ['a concatenation', `x${String(secret)}`],
  ['JSON', JSON.stringify({ secret })],
  ['an inspection', inspect({ secret }, { showHidden: true, depth: 9 })],
  ['its own keys', JSON.stringify(Reflect.ownKeys(secret))],
  ['a spread', JSON.stringify({ ...secret })],
])('a secret does not show in %s', (_, text) => {
  expect(text).not.toContain('canary')
})

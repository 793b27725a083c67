import { expectTypeOf, test } from 'vitest'
import * as z from 'zod/mini'
// Types alone: a client that shares them bundles none of our code.
import type decryptOpenData from '../../functions/decryptOpenData/index.ts'
import type login from '../../functions/login/index.ts'
import type logout from '../../functions/logout/index.ts'
import type verifySoter from '../../functions/verifySoter/index.ts'
import type { Access, Caller } from '../../shared/function/caller.ts'
import { defineFunction, type InputOf, type OutputOf } from '../../shared/function/define.ts'
import type { Reply } from '../../shared/function/reply.ts'
import { checkSessionKey } from '../../shared/wechat/endpoints/checkSessionKey.ts'

// The compiler is the judge of everything here.

test("a function's input is what its callers write", () => {
  expectTypeOf<InputOf<typeof login>>().toEqualTypeOf<{ code?: string | undefined }>()
  expectTypeOf<InputOf<typeof logout>>().toEqualTypeOf<{ everywhere?: boolean | undefined }>()
  expectTypeOf<InputOf<typeof verifySoter>>().toEqualTypeOf<{
    resultJSON: string
    resultJSONSignature: string
    purpose: string
  }>()
})

test("a function's output is the data of its reply", () => {
  expectTypeOf<OutputOf<typeof logout>>().toEqualTypeOf<{ readonly revoked: number }>()
  expectTypeOf<OutputOf<typeof login>['token']>().toEqualTypeOf<string | undefined>()
  expectTypeOf<OutputOf<typeof verifySoter>['verified']>().toEqualTypeOf<true>()
})

test('open data is told apart by its kind', () => {
  type Data = OutputOf<typeof decryptOpenData>

  expectTypeOf<Extract<Data, { kind: 'phoneNumber' }>['openData']['countryCode']>().toBeString()
  expectTypeOf<Extract<Data, { kind: 'shareInfo' }>['openData']>().toEqualTypeOf<{
    readonly openGId: string
  }>()
})

test('a reply is read only after it is known to be a success', () => {
  const read = (reply: Reply<OutputOf<typeof logout>>) => {
    // @ts-expect-error: a failure has no data.
    reply.data
    return reply.ok ? reply.data.revoked : reply.error.code
  }
  expectTypeOf(read).returns.not.toBeAny()
})

const base = { name: 'probe', input: z.strictObject({}), uses: {}, timeoutSeconds: 10 }

test('the openid is there for users alone', () => {
  defineFunction({
    ...base,
    access: ['user'],
    handle: async ({ caller }) => ({ openid: caller.openid }),
  })
  defineFunction({
    ...base,
    access: ['user', 'server'],
    // @ts-expect-error: a server has no openid.
    handle: async ({ caller }) => ({ openid: caller.openid }),
  })
  defineFunction({
    ...base,
    access: ['user', 'server'],
    handle: async ({ caller }) => ({ openid: caller.kind === 'user' ? caller.openid : '' }),
  })
  defineFunction({
    ...base,
    access: ['timer'],
    // @ts-expect-error: a timer has no openid.
    handle: async ({ caller }) => ({ openid: caller.openid }),
  })

  expectTypeOf<Caller<'timer'>>().toEqualTypeOf<{ readonly kind: 'timer' }>()
})

test('who may call has to be said', () => {
  // @ts-expect-error: there is no default.
  defineFunction({ ...base, handle: async () => ({}) })
  // @ts-expect-error: nobody at all is not an answer.
  defineFunction({ ...base, access: [], handle: async () => ({}) })
  // @ts-expect-error: there is no such caller.
  defineFunction({ ...base, access: ['admin'], handle: async () => ({}) })

  expectTypeOf<Access>().toExtend<string>()
})

test('a handler has the endpoints that it declared and no others', () => {
  defineFunction({
    ...base,
    access: ['user'],
    uses: { checkSessionKey },
    handle: async ({ wechat, caller }) => wechat.checkSessionKey({ openid: caller.openid, sessionKey: 'x' }),
  })
  defineFunction({
    ...base,
    access: ['user'],
    // @ts-expect-error: it is not declared.
    handle: async ({ wechat }) => wechat.checkSessionKey({ openid: 'x', sessionKey: 'x' }),
  })
})

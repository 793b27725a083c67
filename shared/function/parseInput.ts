import type * as z from 'zod/mini'
import type { Json } from '../core/json.ts'
import { invalidArgument, type Problem } from '../core/problem.ts'

type Issue = z.core.$ZodIssue

/**
 * Checks an input against a function's schema.
 *
 * @throws Problem `INVALID_ARGUMENT` with the dotted path of the first field at fault
 */
export function parseInput<S extends z.ZodMiniType>(schema: S, input: Json): z.output<S> {
  const parsed = schema.safeParse(input)
  if (parsed.success) return parsed.data as z.output<S>

  throw toProblem(parsed.error.issues[0], input)
}

function toProblem(issue: Issue | undefined, input: unknown): Problem {
  if (!issue) return invalidArgument('', 'the input is not valid')

  const path = issue.path.map(String)
  if (issue.code === 'unrecognized_keys') {
    return invalidArgument([...path, issue.keys[0] ?? ''].join('.'), 'is not a field of this function')
  }
  const reason = valueAt(input, path) === undefined ? 'is missing' : reasonOf(issue)
  return invalidArgument(path.join('.'), reason)
}

function reasonOf(issue: Issue): string {
  if (issue.code === 'invalid_type') return `must be of type ${issue.expected}`
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.join(', ')}`

  return issue.code === 'custom' ? issue.message : 'is malformed'
}

const valueAt = (input: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    input,
  )

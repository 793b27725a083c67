import { expect, test, vi } from 'vitest'
import { consoleLog } from '../../shared/platform/consoleLog.ts'

/** What is printed for an entry. */
function printed(entry: Record<string, unknown>): string[] {
  const lines: string[] = []
  const print = vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line))
  consoleLog.write('warn', entry)
  print.mockRestore()
  return lines
}

test('an entry is one line of JSON with its level first', () => {
  expect(printed({ code: 'OK', durationMs: 3 })).toEqual(['{"level":"warn","code":"OK","durationMs":3}'])
})

test('no value can break a line or speak to a terminal, and every value can be read back', () => {
  const controls = [
    ...Array.from({ length: 0xa0 }, (_, code) => String.fromCharCode(code)),
    '\u2028',
    '\u2029',
  ]
  const field = controls.join('x')

  const [line = '', ...more] = printed({ field })

  expect(more).toEqual([])
  for (const control of controls.filter((character) => !/[ -~]/.test(character)))
    expect(line).not.toContain(control)
  expect(JSON.parse(line)).toEqual({ level: 'warn', field })
})

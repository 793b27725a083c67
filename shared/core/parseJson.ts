import { type Json, parseJsonObject } from './json.ts'

/** The digits behind a decimal point are no integer. */
const STRING_OR_LONG_INTEGER = /"[^"\\]*(?:\\.[^"\\]*)*"|(?<![\d.])-?\d{16,}(?![\d.eE])/g

/**
 * Parses a JSON object of WeChat's with its 64-bit ids intact.
 *
 * `msgid` and the like exceed 2^53 and arrive as bare integers, which `JSON.parse` would round. Integers of
 * 16 digits and more become strings.
 *
 * @returns `undefined` when the text is not a JSON object
 */
export function parseJson(text: string): Json | undefined {
  const json = parseJsonObject(text)
  // Only in what is JSON does every quote have its counterpart; elsewhere the search could take quadratic time.
  if (!json || !/\d{16}/.test(text)) return json

  return parseJsonObject(
    text.replace(STRING_OR_LONG_INTEGER, (token) => (token.startsWith('"') ? token : `"${token}"`)),
  )
}

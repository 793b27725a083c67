import { invalidArgument } from './problem.ts'

/** Why a text is not canonical base64, in the order in which the causes are told apart. */
function faultOf(text: string): string | undefined {
  if (text === '') return 'is empty'
  if (/[\r\n]/.test(text)) return 'base64 with a line break'
  if (/\s/.test(text)) return 'base64 with a space (a + that was lost on the way?)'
  if (/[-_]/.test(text)) return 'base64 in the URL-safe alphabet'
  if (/=[^=]/.test(text)) return 'base64 with text after the padding'
  if (/[^A-Za-z0-9+/=]/.test(text)) return 'not base64'
  if (text.length % 4 !== 0) return 'base64 without its padding'
  if (/={3,}$/.test(text)) return 'base64 with too much padding'
  return undefined
}

/**
 * Decodes canonical standard base64 (RFC 4648 §4 with padding, zero tail bits) and nothing else.
 *
 * The runtime's decoder takes URL-safe letters, spaces and missing padding without a word, so two texts
 * could stand for the same bytes; each is refused here with its own reason.
 *
 * @throws Problem `INVALID_ARGUMENT` with `field` and `reason`
 */
export function parseBase64(text: string, field: string): Buffer {
  const fault = faultOf(text)
  if (fault) throw invalidArgument(field, fault)

  const bytes = Buffer.from(text, 'base64')
  if (bytes.toString('base64') !== text) throw invalidArgument(field, 'base64 with non-zero tail bits')

  return bytes
}

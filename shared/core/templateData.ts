import { Problem } from './problem.ts'

/** The pattern of a whole value as text: compiling all of them costs more than a function's load should. */
type Rule = { readonly accepts: string; readonly says: string }

const CLOCK = '(?:(?:[01]?\\d|2[0-3]):[0-5]\\d(?::[0-5]\\d)?|24:00(?::00)?)'
const MONTH = '(?:0?[1-9]|1[0-2])'
const DAY = '(?:0?[1-9]|[12]\\d|3[01])'
const DATE = `(?:${[
  `\\d{4}年${MONTH}月(?:${DAY}日)?`,
  `${MONTH}月${DAY}日`,
  `\\d{4}[-/.]${MONTH}(?:[-/.]${DAY})?`,
  `${MONTH}[-/.]${DAY}`,
].join('|')})`
const TIME_POINT = `(?:${DATE} ?)?${CLOCK}`
const DATE_POINT = `${DATE}(?: ?${CLOCK})?`

/**
 * What a value may be, by its keyword type. A symbol is whatever is neither a letter nor a digit of any script.
 *
 * WeChat gives these rules in words only. Where they can be read in two ways the wider reading stands, since
 * WeChat has the last word and answers 47003; a value refused here could never be sent at all.
 */
const RULES: ReadonlyMap<string, Rule> = new Map([
  ['thing', { accepts: '.{1,20}', says: 'has at most 20 characters' }],
  [
    'number',
    { accepts: String.raw`[-+]?\d{1,32}(?:\.\d{1,32})?`, says: 'has at most 32 digits, decimals allowed' },
  ],
  ['letter', { accepts: '[A-Za-z]{1,32}', says: 'has at most 32 letters A to Z and nothing else' }],
  ['symbol', { accepts: String.raw`[^\p{L}\p{N}]{1,5}`, says: 'has at most 5 symbols and nothing else' }],
  [
    'character_string',
    {
      accepts: String.raw`(?:[A-Za-z0-9]|[^\p{L}\p{N}]){1,32}`,
      says: 'has at most 32 digits, letters A to Z or symbols',
    },
  ],
  [
    'time',
    {
      accepts: `${TIME_POINT}(?: ?~ ?${TIME_POINT})?`,
      says: 'is a 24-hour time such as 15:01, a date may precede it; ~ joins two',
    },
  ],
  [
    'date',
    {
      accepts: `${DATE_POINT}(?: ?~ ?(?:${DATE_POINT}|${CLOCK}))?`,
      says: 'is a date such as 2019年10月1日 or 2019-10-01, a 24-hour time may follow; ~ joins two',
    },
  ],
  [
    'amount',
    {
      accepts: String.raw`\p{Sc}?\d{1,10}(?:\.\d{1,10})?元?`,
      says: 'has at most 10 digits, decimals allowed; a currency symbol may precede, 元 may follow',
    },
  ],
  [
    'phone_number',
    { accepts: String.raw`(?:[0-9]|[^\p{L}\p{N}]){1,17}`, says: 'has at most 17 digits or symbols' },
  ],
  [
    'car_number',
    {
      accepts: String.raw`[\p{Script=Han}A-Za-z0-9](?:[A-Za-z0-9]{0,6}[\p{Script=Han}A-Za-z0-9])?`,
      says: 'has at most 8 letters or digits, the first and the last may be Chinese',
    },
  ],
  [
    'name',
    {
      accepts: String.raw`[\p{Script=Han}\P{N}]{1,10}|[^\p{N}\p{Script=Han}]{1,20}`,
      says: 'has at most 10 characters with Chinese or 20 without, and no digits',
    },
  ],
  [
    'phrase',
    { accepts: String.raw`\p{Script=Han}{1,5}`, says: 'has at most 5 Chinese characters and nothing else' },
  ],
])

/**
 * Checks the values of a subscribe message by the type that each key begins with (`thing1`, `date2`).
 *
 * Lengths are code points. Nothing is shortened or altered: what to leave out is the caller's decision. A type
 * that the table does not name (`enum_string`, or one that WeChat adds) passes with the rules for all values.
 *
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/mp-message-management/subscribe-message/api_sendmessage.html
 * @throws Problem `TEMPLATE_DATA_INVALID` with `field` (`data.thing1`) and the rule in words as `reason`
 */
export function checkTemplateData(data: Readonly<Record<string, string>>): void {
  const entries = Object.entries(data)
  if (entries.length === 0) throw invalidData('data', 'has no values')

  for (const [key, value] of entries) {
    const fault = faultOf(key, value)
    if (fault) throw invalidData(`data.${key}`, fault)
  }
}

function faultOf(key: string, value: string): string | undefined {
  const type = /^([A-Za-z_]+)\d+$/.exec(key)?.[1]
  if (type === undefined) return 'a key is a keyword type followed by a number'
  if (value === '') return 'no value may be empty'
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(value))
    return 'no value may hold a line break or another control character'

  const rule = RULES.get(type)
  const isAccepted = !rule || new RegExp(`^(?:${rule.accepts})$`, 'u').test(value)
  return isAccepted ? undefined : `a ${type} ${rule.says}`
}

const invalidData = (field: string, reason: string): Problem =>
  new Problem('TEMPLATE_DATA_INVALID', { field, reason })

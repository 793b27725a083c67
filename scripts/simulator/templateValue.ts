const lengthOf = (text: string) => [...text].length
const matches = (pattern: RegExp) => (text: string) => pattern.test(text)

const TIME = String.raw`\d{1,2}:\d{2}(:\d{2})?`
const DATE = String.raw`(\d{4}[年/.-])?\d{1,2}[月/.-](\d{1,2}日?)?|\d{4}[年/.-]\d{1,2}月?`
const MOMENT = `(${DATE})( ${TIME})?`
const MOMENT_OR_TIME = `((${DATE}) ?)?${TIME}`

/** What each type of keyword takes: the note table of subscribeMessage.send, as far as a rule can be made of it. */
const RULES: Readonly<Record<string, (text: string) => boolean>> = {
  thing: (text) => lengthOf(text) <= 20,
  number: (text) => /^-?\d+(\.\d+)?$/.test(text) && text.replace(/\D/g, '').length <= 32,
  letter: matches(/^[A-Za-z]{1,32}$/),
  symbol: matches(/^[^\p{L}\p{N}]{1,5}$/u),
  character_string: matches(/^[\x20-\x7e]{1,32}$/),
  time: matches(new RegExp(`^${MOMENT_OR_TIME}(~${MOMENT_OR_TIME})?$`)),
  date: matches(new RegExp(`^${MOMENT}(~${MOMENT})?$`)),
  amount: matches(/^[¥￥$€£]?\d{1,10}(\.\d+)?元?$/),
  phone_number: matches(/^[\d+\-() #*]{1,17}$/),
  car_number: matches(/^[\p{Script=Han}A-Z\d][A-Z\d]{0,6}[\p{Script=Han}A-Z\d]?$/u),
  name: (text) => lengthOf(text) <= (/\p{Script=Han}/u.test(text) ? 10 : 20),
  phrase: matches(/^\p{Script=Han}{1,5}$/u),
}

/** Whether a value may stand for a keyword such as `thing1`. A type without a rule takes any one-line text. */
export function isTemplateValue(keyword: string, text: string): boolean {
  const type = keyword.replace(/\d+$/, '')
  return !/\p{Cc}/u.test(text) && (RULES[type]?.(text) ?? true)
}

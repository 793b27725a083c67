type Suggest = 'pass' | 'review' | 'risky' | 'pending'

/** What is known of a content: WeChat's suggestion, or `pending` while its answer is awaited. */
export type Verdict = { readonly suggest: Suggest; readonly label?: number; readonly labelName?: string }

/** WeChat's own names of its labels. */
const LABEL_NAMES: ReadonlyMap<number, string> = new Map([
  [100, '正常'],
  [10001, '广告'],
  [20001, '时政'],
  [20002, '色情'],
  [20003, '辱骂'],
  [20006, '违法犯罪'],
  [20008, '欺诈'],
  [20012, '低俗'],
  [20013, '版权'],
  [21000, '其他'],
])

/** From the best to the worst. */
const SEVERITY: readonly Suggest[] = ['pass', 'pending', 'review', 'risky']

/**
 * Reads the `result` of a check. Only an explicit `pass` is one; a suggestion that is not known is `review`.
 *
 * The label may come as a number or as its digits; a label without a known name stays a bare number.
 *
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/sec-center/sec-check/api_msgseccheck.html
 */
export function toVerdict(result: { readonly suggest?: unknown; readonly label?: unknown }): Verdict {
  const suggest = result.suggest === 'pass' || result.suggest === 'risky' ? result.suggest : 'review'
  const label = toLabel(result.label)
  if (label === undefined) return { suggest }

  const labelName = LABEL_NAMES.get(label)
  return { suggest, label, ...(labelName && { labelName }) }
}

function toLabel(label: unknown): number | undefined {
  const value = typeof label === 'string' && /^\d{1,15}$/.test(label) ? Number(label) : label
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}

/** The verdict of the whole is that of its worst part: `risky`, `review`, `pending`, `pass`. No part at all is `review`. */
export function worstVerdict<V extends Verdict>(verdicts: readonly V[]): V | Verdict {
  const [first = { suggest: 'review' }, ...others] = verdicts

  return others.reduce(
    (worst, verdict) =>
      SEVERITY.indexOf(verdict.suggest) > SEVERITY.indexOf(worst.suggest) ? verdict : worst,
    first,
  )
}

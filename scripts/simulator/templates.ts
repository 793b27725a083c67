/** A subscribe-message template of the account: the keys of its keywords and how often one consent counts. */
export type Template = {
  readonly id: string
  readonly title: string
  /** Keys such as `thing1`; the letters in front name the type of value. */
  readonly keywords: readonly string[]
  /** `once` (the default): one send per consent. `longTerm`: any number until the user withdraws. */
  readonly kind?: 'once' | 'longTerm'
}

export const DEFAULT_TEMPLATES: readonly Template[] = [
  {
    id: 'OrderShipped_simulated_template_0000000001x',
    title: '订单发货通知',
    keywords: ['character_string1', 'thing2', 'date3', 'amount4'],
  },
  {
    id: 'Appointment_simulated_template_00000000002x',
    title: '预约成功通知',
    keywords: ['thing1', 'time2', 'name3', 'phone_number4'],
  },
  {
    id: 'QueueCalled_simulated_template_00000000003x',
    title: '排队叫号通知',
    keywords: ['thing1', 'number2', 'phrase3'],
    kind: 'longTerm',
  },
]

export const DEFAULT_PAGES: readonly string[] = [
  'pages/index/index',
  'pages/order/detail',
  'pages/appointment/detail',
  'pages/scan/scan',
]

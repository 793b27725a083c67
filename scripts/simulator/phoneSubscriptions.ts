import { PhoneError } from './phoneError.ts'
import { changeEvent, popupEvent } from './push/subscribeEvents.ts'
import type { Template } from './templates.ts'
import { markActive, type User } from './users.ts'
import type { Wechat } from './wechat.ts'

const MAX_TEMPLATES = 3

/** What a person does about subscribe messages. WeChat tells the server of each act. */
export type PhoneSubscriptions = {
  /** `wx.requestSubscribeMessage`, every box ticked. */
  acceptSubscribe(...templateIds: string[]): Record<string, 'accept'>
  rejectSubscribe(...templateIds: string[]): Record<string, 'reject'>
  /** Switches templates off in the settings: what was granted for them is gone. */
  refuseInSettings(...templateIds: string[]): Record<string, 'reject'>
}

export function createPhoneSubscriptions(wechat: Wechat, user: User): PhoneSubscriptions {
  const { openid } = user
  const { grants, pushes } = wechat
  const happening = () => ({ openid, atMs: wechat.nowMs() })

  return {
    acceptSubscribe(...templateIds) {
      markActive(user, wechat.nowMs())
      const templates = findAskable(wechat, templateIds)
      for (const template of templates) grants.add(openid, template)
      pushes.push(popupEvent(happening(), 'accept', templateIds))
      return toResults(templates, 'accept')
    },

    rejectSubscribe(...templateIds) {
      markActive(user, wechat.nowMs())
      const templates = findAskable(wechat, templateIds)
      // One-time consents already given stay.
      for (const template of templates) if (template.kind === 'longTerm') grants.withdraw(openid, template)
      pushes.push(popupEvent(happening(), 'reject', templateIds))
      return toResults(templates, 'reject')
    },

    refuseInSettings(...templateIds) {
      const templates = findTemplates(wechat, templateIds)
      for (const template of templates) grants.withdraw(openid, template)
      pushes.push(changeEvent(happening(), templateIds))
      return toResults(templates, 'reject')
    },
  }
}

const toResults = <Result>(templates: readonly Template[], result: Result): Record<string, Result> =>
  Object.fromEntries(templates.map(({ id }) => [id, result]))

/** Templates as one popup may ask for them. */
function findAskable(wechat: Wechat, ids: readonly string[]): readonly Template[] {
  if (ids.length > MAX_TEMPLATES) throw wrongCount(wechat)
  const found = findTemplates(wechat, ids)
  const kinds = new Set(found.map(({ kind = 'once' }) => kind))
  if (kinds.size > 1)
    throw new PhoneError('one-time and long-term templates cannot be asked for together (20002)')
  return found
}

function findTemplates(wechat: Wechat, ids: readonly string[]): readonly Template[] {
  if (ids.length === 0) throw wrongCount(wechat)
  return ids.map((id) => {
    const template = wechat.templates.get(id)
    if (!template) throw new PhoneError(`no template ${id}; there are ${namesOf(wechat)} (20001)`)
    return template
  })
}

const wrongCount = (wechat: Wechat) =>
  new PhoneError(`templateIds: one to three at a time of ${namesOf(wechat)} (20003)`)

const namesOf = ({ templates }: Wechat) => [...templates.keys()].join(', ')

import { isOpenDataKind, OPEN_DATA_KINDS } from './openData.ts'
import type { Phone } from './phone.ts'
import { PhoneError } from './phoneError.ts'

export type ActionInput = Readonly<Record<string, unknown>>

/** One thing that a phone does over HTTP. Its answer is the input of the function it belongs to. */
type PhoneAction = {
  readonly about: string
  run(phone: Phone, input: ActionInput, image: Buffer): object
}

/** The actions of a phone by name. */
export const PHONE_ACTIONS: Readonly<Record<string, PhoneAction>> = {
  login: { about: 'a login code: the input of login', run: (phone) => phone.login() },
  userInfo: {
    about: '{profile?: true}: encrypted and signed user info, for decryptOpenData',
    run: (phone, { profile }) => phone.userInfo({ profile: profile === true || profile === 'true' }),
  },
  encryptedPhoneNumber: {
    about: 'the encrypted phone number, for decryptOpenData',
    run: (phone) => phone.encryptedPhoneNumber(),
  },
  phoneNumber: { about: 'a phone number code, for getPhoneNumber', run: (phone) => phone.phoneNumber() },
  weRunData: { about: 'encrypted step counts, for decryptOpenData', run: (phone) => phone.weRunData() },
  shareInfo: {
    about: 'the encrypted group of a share, for decryptOpenData',
    run: (phone) => phone.shareInfo(),
  },
  groupEnterInfo: {
    about: 'the encrypted group that was entered, for decryptOpenData',
    run: (phone) => phone.groupEnterInfo(),
  },
  privateMessage: {
    about: '{activityId?}: an encrypted private message, for decryptOpenData',
    run: (phone, { activityId }) =>
      phone.privateMessage(activityId === undefined ? undefined : String(activityId)),
  },
  cloudId: {
    about: `{kind?: ${OPEN_DATA_KINDS.join(' | ')}}: a cloud id, for decryptOpenData`,
    run: (phone, { kind = 'userInfo' }) => {
      if (!isOpenDataKind(kind)) throw new PhoneError(`kind is one of ${OPEN_DATA_KINDS.join(', ')}`)
      return phone.cloudId(kind)
    },
  },
  soter: {
    about:
      '{challenge, purpose?, saltLength?: 20 | 32} or the reply of createSoterChallenge with ?purpose=…: for verifySoter',
    run: confirmSoter,
  },
  acceptSubscribe: {
    about: '{templateIds: [...]} or ?templateIds=a,b: consents, for recordSubscription',
    run: (phone, input) => ({ results: phone.acceptSubscribe(...readTemplateIds(input)) }),
  },
  rejectSubscribe: {
    about: 'the same, refused',
    run: (phone, input) => ({ results: phone.rejectSubscribe(...readTemplateIds(input)) }),
  },
  refuseInSettings: {
    about: 'the same, switched off in the settings: what was granted is gone',
    run: (phone, input) => ({ results: phone.refuseInSettings(...readTemplateIds(input)) }),
  },
  sendText: {
    about: '{content}: a customer message, pushed to receiveMessage',
    run: (phone, input) => phone.sendText(requireText(input, 'content')),
  },
  sendImage: { about: 'an image as a customer message', run: (phone) => phone.sendImage() },
  sendMiniProgramPage: {
    about: '{title, pagePath}: a card of a page as a customer message',
    run: (phone, input) =>
      phone.sendMiniProgramPage({
        title: requireText(input, 'title'),
        pagePath: requireText(input, 'pagePath'),
      }),
  },
  enterSession: {
    about: '{sessionFrom?}: enters the customer-service session',
    run: (phone, { sessionFrom = '' }) => {
      phone.enterSession(String(sessionFrom))
      return {}
    },
  },
  scan: {
    about: 'image bytes, or the reply of getQrCode: the scene of the code, for resolveScene',
    run: scanImage,
  },
}

function confirmSoter(phone: Phone, { challenge, purpose, saltLength = 20, tamper }: ActionInput): object {
  if (typeof challenge !== 'string')
    throw new PhoneError('challenge is missing: ask createSoterChallenge for one')
  const confirmed = phone.soter({
    challenge,
    saltLength: Number(saltLength) === 32 ? 32 : 20,
    tamper: tamper === true || tamper === 'true',
  })
  return { ...confirmed, ...(purpose !== undefined && { purpose }) }
}

/** A code with a scene gives the scene alone, all that resolveScene takes; others give the path they open. */
function scanImage(phone: Phone, { imageBase64 }: ActionInput, image: Buffer): object {
  const { path, scene } = phone.scan(
    typeof imageBase64 === 'string' ? Buffer.from(imageBase64, 'base64') : image,
  )
  return scene === undefined ? { path } : { scene }
}

function requireText(input: ActionInput, name: string): string {
  const value = input[name]
  if (typeof value !== 'string' || value === '') throw new PhoneError(`${name} is missing`)
  return value
}

function readTemplateIds({ templateIds }: ActionInput): string[] {
  if (Array.isArray(templateIds)) return templateIds.map(String)
  if (typeof templateIds === 'string') return templateIds.split(',')
  return []
}

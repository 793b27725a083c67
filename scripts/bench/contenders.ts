import { type Call, cloudBaseCalls, lambdaCalls } from './calls.ts'
import type { Deployment } from './deployment.ts'
import { type HandWritten, writeHandWritten } from './handWritten.ts'
import type { Aim } from './report.ts'
import { requireAnswer, runProgram } from './runProgram.ts'

/** A file that is loaded and called once in a new process, over and over. */
export type Contender = {
  readonly name: string
  readonly file: string
  readonly call: Omit<Call, 'name'>
  readonly environment: Readonly<Record<string, string>>
  /** Whose time to the first reply is the measure; `WX_CONTEXT` unless told otherwise. */
  readonly measure?: typeof TEXT_CHECK | typeof NODE_SDK
  /** The share of it that load and first reply may take. Only what is lean has an aim. */
  readonly shareAim?: Aim
}

/** What people paste today. */
export const WX_CONTEXT = 'by hand: wx-server-sdk installed, getWXContext *'
export const TEXT_CHECK = 'by hand: wx-server-sdk installed, msgSecCheck **'
export const NODE_SDK = 'by hand: node-sdk installed, a document added ***'

const WITHOUT_SDK: Aim = { atMost: 0.15 }
const WITH_DYNAMODB: Aim = { atMost: 0.35 }
const IN_CLOUDBASE: Partial<Contender> = { measure: NODE_SDK, shareAim: { atMost: 0.75 } }

type Variables = Contender['environment']

/** All that run on each platform, an empty handler first. */
export async function createContenders(deployment: Deployment) {
  const handWritten = await writeHandWritten(deployment.folder)
  const { dynamoDb, cloudBaseDatabase } = deployment
  const tokens = {
    inDynamoDb: await logIn(deployment, dynamoDb),
    inCloudBase: await logIn(deployment, cloudBaseDatabase),
  }
  return {
    onCloudBase: onCloudBase(deployment, handWritten),
    onLambda: onLambda(deployment, handWritten, tokens),
  }
}

/** Our own functions as contenders: where their files are, and what holds for all of them. */
const contendWith =
  (environment: Variables, fileOf: (name: string) => string, common: Partial<Contender> = {}) =>
  (name: string, call: Call, more: Partial<Contender>, variables: Variables = {}): Contender => ({
    name: `${call.name}: ${name}`,
    file: fileOf(call.name),
    call,
    environment: { ...environment, ...variables },
    ...common,
    ...more,
  })

function onCloudBase(
  { environment, dynamoDb, cloudBaseDatabase, cloudCall, fileOnCloudBase, phone }: Deployment,
  handWritten: (name: HandWritten) => string,
): readonly Contender[] {
  const calls = cloudBaseCalls(phone)
  const ours = contendWith(environment, fileOnCloudBase)
  const theirs = (name: string, file: HandWritten, answer: string): Contender => ({
    name,
    file: handWritten(file),
    call: { ...calls.checkContent, answer },
    environment: {
      ...cloudCall,
      ...cloudBaseDatabase,
      WX_CONTEXT_KEYS: 'WX_APPID,WX_OPENID',
      WX_APPID: environment.WECHAT_APP_ID ?? '',
      WX_OPENID: phone.openid,
    },
  })

  return [
    theirs('an empty handler', 'empty/index.js', 'true'),
    ours('no code, so no state and no SDK', calls.login, { shareAim: WITHOUT_SDK }, cloudBaseDatabase),
    ours('state in memory', calls.createSoterChallenge, { shareAim: WITHOUT_SDK }),
    ours('state in DynamoDB', calls.createSoterChallenge, { shareAim: WITH_DYNAMODB }, dynamoDb),
    ours("state in CloudBase's database", calls.createSoterChallenge, IN_CLOUDBASE, cloudBaseDatabase),
    ours('WeChat over HTTP, token first', calls.checkContent, { shareAim: WITHOUT_SDK, measure: TEXT_CHECK }),
    ours('WeChat by cloud call', calls.checkContent, { measure: TEXT_CHECK }, cloudCall),
    theirs(WX_CONTEXT, 'wxContext/index.js', phone.openid),
    theirs(TEXT_CHECK, 'wxTextCheck/index.js', '"suggest":"pass"'),
    theirs(NODE_SDK, 'nodeSdkAdd/index.js', '"ok":true'),
  ]
}

function onLambda(
  { environment, dynamoDb, cloudBaseDatabase, fileOnLambda, phone }: Deployment,
  handWritten: (name: HandWritten) => string,
  tokens: { readonly inDynamoDb: string; readonly inCloudBase: string },
): readonly Contender[] {
  const calls = lambdaCalls(phone)
  const inDynamoDb = calls.createSoterChallenge(tokens.inDynamoDb)
  const inCloudBase = calls.createSoterChallenge(tokens.inCloudBase)
  const ours = contendWith(environment, fileOnLambda, { shareAim: WITHOUT_SDK })
  const theirs = (name: string, file: HandWritten): Contender => ({
    name,
    file: handWritten(file),
    call: { event: {}, context: { awsRequestId: 'r1' }, answer: 'true' },
    environment: { ...dynamoDb, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
  })

  return [
    theirs('an empty handler', 'empty/index.mjs'),
    ours('no code, refused, so no state and no SDK', calls.refusedLogin, {}, cloudBaseDatabase),
    ours('state in memory, an unknown token', calls.refusedSession, {}),
    ours('state in DynamoDB', inDynamoDb, { shareAim: WITH_DYNAMODB }, dynamoDb),
    ours("state in CloudBase's database", inCloudBase, IN_CLOUDBASE, cloudBaseDatabase),
    ours('WeChat over HTTP, token first', calls.checkContent, { measure: TEXT_CHECK }),
    theirs('by hand: AWS SDK installed, PutItem', 'awsPut/index.mjs'),
  ]
}

/** A session that is kept in this store. */
async function logIn({ environment, fileOnLambda, phone }: Deployment, store: Variables): Promise<string> {
  const { name, event, context, answer } = lambdaCalls(phone).login(phone.login())
  const task = { file: fileOnLambda(name), event, context }
  const { reply } = (await runProgram('coldCall', task, { ...environment, ...store })).result
  requireAnswer(reply, answer)

  return JSON.parse((reply as { body: string }).body).data.token
}

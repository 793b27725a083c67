import { join } from 'node:path'
import { discoverFunctions } from './functions.ts'
import { type LocalDeployment, PortInUse, startLocalDeployment } from './localDeployment.ts'
import { ROOT } from './projectRoot.ts'
import { readPort } from './readPort.ts'
import { DEFAULT_TEMPLATES } from './simulator/templates.ts'
import { watchFolders } from './watchFolders.ts'

const DEFAULT_PORT = 8787
const DEFAULT_SIMULATOR_PORT = 8788
const PARENT_CHECK_MS = 500

try {
  const deployment = await startLocalDeployment({
    environment: process.env,
    port: readPort('PORT', DEFAULT_PORT),
    simulatorPort: readPort('SIMULATOR_PORT', DEFAULT_SIMULATOR_PORT),
  })
  console.log(await welcome(deployment))
  restartOnChange(deployment)
  const end = () => deployment.close().then(() => process.exit(0))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end)
  endWithParent(end)
} catch (error) {
  // Anything else is a fault of the command itself, so its stack is shown.
  const isExpected =
    error instanceof Error && [Error, RangeError, PortInUse].some((type) => error.constructor === type)
  console.error(isExpected ? error.message : error)
  process.exitCode = 1
}

/** Whoever kills npm means this process too; npm does not always get to say so. */
function endWithParent(end: () => void): void {
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    end()
  }, PARENT_CHECK_MS)
}

async function welcome({ url, simulator, serverKey }: LocalDeployment): Promise<string> {
  const names = (await discoverFunctions()).map(({ name }) => name)
  const lines = [
    '',
    `The functions answer at ${url}/<name>:`,
    `  ${names.join('  ')}`,
    '',
    simulator
      ? `They talk to a simulated WeChat at ${simulator.url} (GET /phone tells what its phones can do).`
      : 'They talk to the real WeChat, as WECHAT_APP_ID and WECHAT_APP_SECRET are set.',
    '',
    ...(simulator
      ? walk(url, simulator.url, serverKey)
      : [`  curl -s ${url}/login -d '{"code":"<from wx.login>"}'`]),
    '',
    'Each call prints one line below. Changed sources are built and started again; Ctrl-C ends everything.',
  ]
  return lines.join('\n')
}

/** Lines that work as they are printed, one after the other. */
function walk(functions: string, wechat: string, serverKey: string): readonly string[] {
  return [
    'Try, in another terminal:',
    '',
    `  F=${functions} W=${wechat}/phone/alice`,
    `  TOKEN=$(curl -s -X POST $W/login | curl -s $F/login -d @- | sed 's/.*"token":"\\([^"]*\\)".*/\\1/')`,
    '  AUTH="Authorization: Bearer $TOKEN"',
    `  curl -s -X POST $W/userInfo | curl -sw '\\n' $F/decryptOpenData -H "$AUTH" -d @-`,
    `  curl -s -X POST $W/phoneNumber | curl -sw '\\n' $F/getPhoneNumber -H "$AUTH" -d @-`,
    `  curl -s $F/createSoterChallenge -H "$AUTH" -d '{"purpose":"pay"}' |`,
    `    curl -s "$W/soter?purpose=pay" -d @- | curl -sw '\\n' $F/verifySoter -H "$AUTH" -d @-`,
    `  curl -sw '\\n' $F/getQrCode -H "$AUTH" -H 'Accept: image/*' -d '{"scene":"table=7"}' -o code.jpg`,
    `  curl -s $F/getQrCode -H "$AUTH" -d '{"params":{"table":7}}' | curl -s $W/scan -d @- |`,
    `    curl -sw '\\n' $F/resolveScene -H "$AUTH" -d @-`,
    `  curl -s -X POST "$W/acceptSubscribe?templateIds=${DEFAULT_TEMPLATES[0]?.id}" |`,
    `    curl -sw '\\n' $F/recordSubscription -H "$AUTH" -d @-`,
    `  curl -sw '\\n' $F/checkContent -H "$AUTH" -d '{"type":"text","scene":2,"content":"hello"}'`,
    `  JOB=$(curl -s $F/checkContent -H "$AUTH" -d '{"type":"audio","scene":2,"mediaUrl":"https://cdn.weapp.example.com/song.mp3"}')`,
    `  ID=$(echo "$JOB" | sed 's/.*"traceId":"\\([^"]*\\)".*/{"traceId":"\\1"}/'); sleep 3; curl -sw '\\n' $F/getContentResult -H "$AUTH" -d "$ID"`,
    `  curl -sw '\\n' -X POST "$W/sendText?content=hello"`,
    `  curl -sw '\\n' $F/refreshAccessToken -H "Authorization: Bearer ${process.env.SERVER_KEY ? '$SERVER_KEY' : serverKey}" -d '{}'`,
    '',
    'npm run demo walks through all of it.',
  ]
}

/** The state and the simulated WeChat outlive a restart, so a session survives a change of the code. */
function restartOnChange(deployment: LocalDeployment): void {
  watchFolders([join(ROOT, 'functions'), join(ROOT, 'shared')], () => {
    deployment.restart().then(
      () => console.log('Built and started again.'),
      () => console.error('The change does not work; the functions from before go on.'),
    )
  })
}

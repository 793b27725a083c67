// Calls a deployed function and a bare one in turns, and tells what a call of each takes.
import { loadHandler, tell } from './functionHost.mjs'

const { file, bareFile, event, context, rounds, callsPerRound } = JSON.parse(process.argv[2])
const WARM_UP_ROUNDS = 4

const handler = await loadHandler(file)
const reply = await handler(event, context)
const bare = bareFile ? await loadHandler(bareFile) : async () => reply

async function microsPerCall(call) {
  const startedAt = process.hrtime.bigint()
  for (let i = 0; i < callsPerRound; i++) await call(event, context)
  return Number(process.hrtime.bigint() - startedAt) / 1e3 / callsPerRound
}

const measured = []
for (let round = 0; round < WARM_UP_ROUNDS + rounds; round++) {
  measured.push({ bareMicros: await microsPerCall(bare), ourMicros: await microsPerCall(handler) })
}
tell({ measured: measured.slice(WARM_UP_ROUNDS), reply })

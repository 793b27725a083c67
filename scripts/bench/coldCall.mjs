// Loads a deployed file in this new process, calls it once, and tells how long both took.
import { loadHandler, tell } from './functionHost.mjs'

const { file, event, context } = JSON.parse(process.argv[2])
// A platform's own runtime has opened the log before.
console.log('start')

const startedAt = process.hrtime.bigint()
const handler = await loadHandler(file)
const loadedAt = process.hrtime.bigint()
const reply = await handler(event, context)
const repliedAt = process.hrtime.bigint()

const toMs = (nanoseconds) => Number(nanoseconds) / 1e6
tell({ loadMs: toMs(loadedAt - startedAt), firstReplyMs: toMs(repliedAt - startedAt), reply })

// Calls a deployed function many times in this one process, some at a time, and tells what was answered.
import { loadHandler, tell } from './functionHost.mjs'

const { file, event, context, calls, atATime } = JSON.parse(process.argv[2])

const handler = await loadHandler(file)
const replies = []
let begun = 0

async function callInTurn() {
  while (begun < calls) {
    begun++
    replies.push(await handler(event, context))
  }
}

await Promise.all(Array.from({ length: atATime }, callInTurn))
tell({ replies })

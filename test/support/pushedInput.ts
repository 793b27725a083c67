import type { ReceiveMessageInput } from '../../functions/receiveMessage/index.ts'
import { wechatPush } from '../../functions/receiveMessage/wechatPush.ts'
import type { Simulator } from '../../scripts/simulator/simulator.ts'

/** What WeChat pushes when something happens, as `receiveMessage` gets it on CloudBase. */
export async function pushedInput(simulator: Simulator, happen: () => unknown): Promise<ReceiveMessageInput> {
  let input: ReceiveMessageInput | undefined
  simulator.pushTo({
    async deliver(message) {
      input = wechatPush.readEvent(message)
      return 'success'
    },
  })
  await happen()
  await simulator.pushesDone()
  simulator.pushTo(undefined)
  if (!input) throw new Error('nothing was pushed')
  return input
}

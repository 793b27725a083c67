import checkContent from '../../../functions/checkContent/index.ts'
import decryptOpenData from '../../../functions/decryptOpenData/index.ts'
import getQrCode from '../../../functions/getQrCode/index.ts'
import login from '../../../functions/login/index.ts'
import receiveMessage from '../../../functions/receiveMessage/index.ts'
import recordSubscription from '../../../functions/recordSubscription/index.ts'
import { serve } from '../../../shared/platform/local/serve.ts'

/** What the process tells the test that started it: where it listens, and the most memory it has ever had. */
export type Message = { readonly port: number } | { readonly peakBytes: number }

const tell = (message: Message) => process.send?.(message)

// The environment is the test's; whatever the test sends asks for the peak.
const server = serve([checkContent, decryptOpenData, getQrCode, login, receiveMessage, recordSubscription])
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object' && address) tell({ port: address.port })
})
process.on('message', () => tell({ peakBytes: process.resourceUsage().maxRSS * 1024 }))
process.once('disconnect', () => process.exit(0))

import { Problem } from '../../core/problem.ts'
import type { CloudFiles } from '../../ports/cloudFiles.ts'
import { ExchangeFailure } from '../../wechat/channel.ts'
import { createCloudCallChannel } from './cloudCallChannel.ts'
import { loadSdk } from './sdk.ts'
import { within } from './within.ts'

const files: CloudFiles = {
  async temporaryUrl(fileId, timeoutMs) {
    const { getTempFileURL } = await loadSdk()
    const { fileList } = await within(timeoutMs, getTempFileURL({ fileList: [fileId] })).catch(
      (thrown: unknown) => {
        const isLate = thrown instanceof ExchangeFailure
        throw new Problem(isLate ? 'UPSTREAM_TIMEOUT' : 'UPSTREAM_UNAVAILABLE', {
          detail: 'CloudBase storage',
        })
      },
    )
    const url = fileList[0]?.tempFileURL
    if (!url)
      throw new Problem('NOT_FOUND', { field: 'fileID', detail: fileList[0]?.errMsg ?? 'no such file' })

    return url
  },
}

/** CloudBase's cloud call and storage, through wx-server-sdk. */
export const cloud = { channel: createCloudCallChannel(loadSdk), files }

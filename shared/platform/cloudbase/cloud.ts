import { Problem } from '../../core/problem.ts'
import type { CloudFiles } from '../../ports/cloudFiles.ts'
import { ExchangeFailure } from '../../wechat/channel.ts'
import { createCloudCallChannel } from './cloudCallChannel.ts'
import { loadSdk } from './sdk.ts'
import { within } from './within.ts'

const files: CloudFiles = {
  async temporaryUrl(fileId, timeoutMs) {
    const { getTempFileURL } = await loadSdk()
    const { fileList } = await within(timeoutMs, getTempFileURL({ fileList: [fileId] })).catch(unreachable)
    const url = fileList[0]?.tempFileURL
    if (!url)
      throw new Problem('NOT_FOUND', { field: 'fileID', detail: fileList[0]?.errMsg ?? 'no such file' })

    return url
  },

  async save(path, bytes, timeoutMs) {
    const { uploadFile } = await loadSdk()
    const uploading = uploadFile({ cloudPath: path, fileContent: Buffer.from(bytes) })
    const { fileID } = await within(timeoutMs, uploading).catch(unreachable)
    return fileID
  },
}

const unreachable = (thrown: unknown): never => {
  const isLate = thrown instanceof ExchangeFailure
  throw new Problem(isLate ? 'UPSTREAM_TIMEOUT' : 'UPSTREAM_UNAVAILABLE', { detail: 'CloudBase storage' })
}

/** CloudBase's cloud call and storage, through wx-server-sdk. */
export const cloud = { channel: createCloudCallChannel(loadSdk), files }

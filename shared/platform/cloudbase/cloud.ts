import { Problem } from '../../core/problem.ts'
import type { CloudFiles } from '../../ports/cloudFiles.ts'
import { createCloudCallChannel } from './cloudCallChannel.ts'
import { loadSdk } from './sdk.ts'

const files: CloudFiles = {
  async temporaryUrl(fileId) {
    const { getTempFileURL } = await loadSdk()
    const { fileList } = await getTempFileURL({ fileList: [fileId] }).catch(() => {
      throw new Problem('UPSTREAM_UNAVAILABLE', { detail: 'CloudBase storage did not answer' })
    })
    const url = fileList[0]?.tempFileURL
    if (!url)
      throw new Problem('NOT_FOUND', { field: 'fileID', detail: fileList[0]?.errMsg ?? 'no such file' })

    return url
  },
}

/** CloudBase's cloud call and storage, through wx-server-sdk. */
export const cloud = { channel: createCloudCallChannel(loadSdk), files }

import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { SDK_FILES, type Sdk } from '../sdkFiles.ts'
import type { Deployment } from './deployment.ts'
import type { Aim, Figure, Section } from './report.ts'

const MAX_KB: Aim = { atMost: 60 }

/** What each function weighs. */
export function measureSize({ functions, fileOnCloudBase }: Deployment): Section {
  const sizeOfSdk = (name: string, sdk: Sdk): Figure | undefined => {
    const file = join(dirname(fileOnCloudBase(name)), SDK_FILES[sdk])
    return existsSync(file) ? { value: statSync(file).size / 1024, digits: 0 } : undefined
  }
  const inKb = (bytes: number, aim?: Aim): Figure => ({ value: bytes / 1024, aim })

  return {
    title: '1. Size of what is deployed',
    notes: [
      'The SDKs are files of their own. node-sdk, also on Lambda, is loaded by the first use of state in CloudBase;',
      'wx-server-sdk, which needs node-sdk, by the first cloud call or file in cloud storage.',
    ],
    columns: ['CloudBase, KB', 'gzip', 'node-sdk beside it', 'wx-server-sdk', 'Lambda, KB', 'gzip'],
    rows: functions.map(({ name, cloudbase, lambda }) => {
      const wxServerSdk = sizeOfSdk(name, 'wx-server-sdk')
      return {
        name,
        cells: [
          inKb(cloudbase.bytes, wxServerSdk ? undefined : MAX_KB),
          inKb(cloudbase.gzipBytes),
          sizeOfSdk(name, '@cloudbase/node-sdk'),
          wxServerSdk,
          inKb(lambda.bytes, MAX_KB),
          inKb(lambda.gzipBytes),
        ],
      }
    }),
  }
}

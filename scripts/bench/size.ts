import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { SDK_FILE } from '../bundle.ts'
import type { Deployment } from './deployment.ts'
import type { Aim, Figure, Section } from './report.ts'

const MAX_KB: Aim = { atMost: 60 }

/** What each function weighs. */
export function measureSize({ functions, fileOnCloudBase }: Deployment): Section {
  const sdkOf = (name: string) => join(dirname(fileOnCloudBase(name)), SDK_FILE)
  const inKb = (bytes: number, aim?: Aim): Figure => ({ value: bytes / 1024, aim })

  return {
    title: '1. Size of what is deployed',
    notes: ['The SDK is a file of its own, which only a cloud call or a file in cloud storage makes load.'],
    columns: ['CloudBase, KB', 'gzip', 'SDK beside it', 'Lambda, KB', 'gzip'],
    rows: functions.map(({ name, cloudbase, lambda }) => {
      const sdk = sdkOf(name)
      const hasSdk = existsSync(sdk)
      return {
        name,
        cells: [
          inKb(cloudbase.bytes, hasSdk ? undefined : MAX_KB),
          inKb(cloudbase.gzipBytes),
          hasSdk ? { value: statSync(sdk).size / 1024, digits: 0 } : undefined,
          inKb(lambda.bytes, MAX_KB),
          inKb(lambda.gzipBytes),
        ],
      }
    }),
  }
}

import { hashMedia } from '../../shared/core/mediaHash.ts'
import { createMediaSource } from '../../shared/platform/mediaSource.ts'
import { MEDIA_CERTIFICATE } from './mediaCertificate.ts'

/** What the test asks for: so many files at once, from the host on this port. */
export type Order = { readonly port: number; readonly atOnce: number }

/** What came of it, and the most memory that the process has ever had. */
export type Outcome = { readonly hashes: readonly unknown[]; readonly peakBytes: number }

process.on('message', async ({ port, atOnce }: Order) => {
  const source = createMediaSource({ ca: MEDIA_CERTIFICATE, port })
  const request = {
    url: 'https://cdn.example.com/a.png',
    addresses: ['127.0.0.1'],
    timeoutMs: 60_000,
  }
  const reading = Array.from({ length: atOnce }, () =>
    source.fetch(request, ({ body }) => hashMedia(body, Number.NaN)),
  )
  const outcome: Outcome = {
    hashes: await Promise.all(reading),
    peakBytes: process.resourceUsage().maxRSS * 1024,
  }
  process.send?.(outcome)
})
process.once('disconnect', () => process.exit(0))

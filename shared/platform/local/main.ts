import type { AnyFunction } from '../../function/define.ts'
import { serve } from './serve.ts'

/** What this process tells the one that started it. */
export type LocalServerMessage = { readonly listeningOn: number } | { readonly failed: string }

/** Serves functions on `PORT` of this machine for as long as whoever started this process lives. */
export function serveLocally(functions: readonly AnyFunction[]): void {
  const tell = (message: LocalServerMessage) => process.send?.(message)
  const port = Number(process.env.PORT)

  const server = serve(functions)
  server.once('error', (error: NodeJS.ErrnoException) => tell({ failed: error.code ?? error.name }))
  server.listen(port, '127.0.0.1', () => {
    const address = server.address()
    tell({ listeningOn: typeof address === 'object' && address ? address.port : port })
  })
  process.once('disconnect', () => process.exit(0))
}

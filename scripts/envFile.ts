import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './projectRoot.ts'

/** Takes the variables of `.env` over, as the CloudBase CLI does it: those of the shell win. */
export function loadEnvFile(root = ROOT): void {
  const file = join(root, '.env')
  if (existsSync(file)) process.loadEnvFile(file)
}

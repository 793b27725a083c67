import { cp, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from '../../../scripts/projectRoot.ts'

/** A copy of the sources whose files may be changed, with the packages of the project. */
export async function copyProject(): Promise<{ readonly folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'project-'))
  const sources = ['functions', 'shared', 'scripts', 'package.json', 'tsconfig.json']
  await Promise.all([
    ...sources.map((name) => cp(join(ROOT, name), join(folder, name), { recursive: true })),
    symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules')),
  ])
  return { folder, remove: () => rm(folder, { recursive: true }) }
}

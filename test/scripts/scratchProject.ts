import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { ROOT } from '../../scripts/projectRoot.ts'

/** A folder of this test's own. */
export async function createScratchFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'weapp-functions-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A project with these files, and with the shared code and the packages of this one. */
export async function createScratchProject(files: Readonly<Record<string, string>>): Promise<string> {
  const root = await createScratchFolder()
  for (const name of ['shared', 'node_modules']) await symlink(join(ROOT, name), join(root, name))
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
  return root
}

import { type FSWatcher, readdirSync, watch } from 'node:fs'
import { join } from 'node:path'

const SETTLE_MS = 100

/**
 * Calls back when something below the folders has changed and it has been quiet for a moment.
 *
 * Every directory is watched by itself: the recursive watching of Node 20 loses a file for good once an
 * editor replaces it instead of writing into it.
 */
export function watchFolders(folders: readonly string[], onChange: () => void): void {
  let watchers: readonly FSWatcher[] = []
  let pending: NodeJS.Timeout | undefined

  function onEvent(): void {
    clearTimeout(pending)
    pending = setTimeout(() => {
      watchAll()
      onChange()
    }, SETTLE_MS)
  }

  function watchAll(): void {
    const before = watchers
    watchers = folders
      .flatMap((folder) => [folder, ...directoriesBelow(folder)])
      .map((directory) => watch(directory, onEvent).on('error', onEvent))
    for (const watcher of before) watcher.close()
  }

  watchAll()
}

const directoriesBelow = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ parentPath, name }) => join(parentPath, name))

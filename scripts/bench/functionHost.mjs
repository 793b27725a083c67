import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const require = createRequire(import.meta.url)

/** Hands the result to the process that asked, and ends this one. Required, so that `require` has worked before. */
export const { tell } = require('./tell.cjs')

/** Loads a deployed file the way its platform does: `require` on CloudBase, `import` on Lambda. */
export const loadHandler = async (file) => (file.endsWith('.mjs') ? importHandler(file) : require(file).main)

const importHandler = async (file) => (await import(pathToFileURL(file).href)).handler

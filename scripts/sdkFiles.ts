import type { Plugin } from 'esbuild'

/**
 * The SDKs that stand in a file of their own beside a function's index, and the names of these files.
 *
 * node-sdk's is a `.cjs`, which is CommonJS wherever it lies: on CloudBase, in a zip for Lambda without a
 * package.json, and below one of ES modules, as here.
 */
export const SDK_FILES = {
  'wx-server-sdk': 'wx-server-sdk.js',
  '@cloudbase/node-sdk': 'cloudbase-node-sdk.cjs',
} as const

export type Sdk = keyof typeof SDK_FILES

/** Leaves the SDK out of a CommonJS bundle, which then requires the file beside it. */
export const requireSdk = (sdk: Sdk): Plugin => ({
  name: `${sdk} beside it`,
  setup({ onResolve }) {
    onResolve({ filter: nameOf(sdk) }, () => ({ path: `./${SDK_FILES[sdk]}`, external: true }))
  },
})

/** The same for an ES module: the file is required at the moment that `import()` of the SDK is reached. */
export const sdkRequiredFromEsm = (sdk: Sdk): Plugin =>
  replaceSdk(
    sdk,
    `import { createRequire } from 'node:module'
     export default createRequire(import.meta.url)('./${SDK_FILES[sdk]}')`,
  )

/** Leaves wx-server-sdk out of a function that never comes to the point of needing it. */
export const noWxServerSdk: Plugin = replaceSdk(
  'wx-server-sdk',
  `throw new Error('the function declares neither a cloud call nor readsCloudFiles')`,
)

/** node-sdk reads its version, which it sends along, from a package.json that a bundle does not have. */
export const versionInside: Plugin = {
  name: 'version of node-sdk',
  setup({ onLoad }) {
    onLoad({ filter: /@cloudbase[\\/]node-sdk[\\/]dist[\\/]utils[\\/]version\.js$/ }, () => ({
      contents: `export { version } from '../../package.json'`,
    }))
  },
}

function replaceSdk(sdk: Sdk, contents: string): Plugin {
  const filter = nameOf(sdk)
  return {
    name: `${sdk} replaced`,
    setup({ onResolve, onLoad }) {
      onResolve({ filter }, ({ path }) => ({ path, namespace: 'replaced' }))
      onLoad({ filter, namespace: 'replaced' }, () => ({ contents }))
    },
  }
}

function nameOf(sdk: Sdk): RegExp {
  return new RegExp(`^${sdk}$`)
}

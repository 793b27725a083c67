import { requireCredentials } from './requireCredentials.ts'

/** What we use of wx-server-sdk. Its own declarations leave most of it out. */
export type WxServerSdk = {
  readonly DYNAMIC_CURRENT_ENV: symbol
  init(options: { env: symbol; timeout: number }): void
  openapi(options: { convertCase: false }): OpenApi
  uploadFile(options: { cloudPath: string; fileContent: Buffer }): Promise<{ fileID: string }>
  getTempFileURL(options: { fileList: readonly string[] }): Promise<{ fileList: readonly TempFile[] }>
}

type OpenApi = Readonly<Record<string, Readonly<Record<string, (request: object) => Promise<unknown>>>>>

type TempFile = { readonly status: number; readonly tempFileURL?: string; readonly errMsg?: string }

const TIMEOUT_MS = 15_000

let loading: Promise<WxServerSdk> | undefined

/**
 * The SDK, loaded when the first call needs it: it costs 30 ms to load and 70 ms to use, which functions
 * that reach WeChat with their own token never pay.
 */
export async function loadSdk(): Promise<WxServerSdk> {
  requireCredentials()
  loading ??= import('wx-server-sdk').then(({ default: sdk }) => {
    const loaded = sdk as unknown as WxServerSdk
    loaded.init({ env: loaded.DYNAMIC_CURRENT_ENV, timeout: TIMEOUT_MS })
    return loaded
  })
  loading.catch(() => {
    loading = undefined
  })
  return loading
}

/** Files in CloudBase's storage. */
export interface CloudFiles {
  /**
   * A URL under which WeChat can fetch the file for a while.
   *
   * @param fileId `cloud://<env>.<bucket>/<path>`
   * @throws Problem `NOT_FOUND` for an unknown file, `UPSTREAM_UNAVAILABLE`, `UPSTREAM_TIMEOUT`, and
   * `INVALID_ARGUMENT` outside CloudBase
   */
  temporaryUrl(fileId: string, timeoutMs: number): Promise<string>
  /**
   * Stores a file, over one that has its path already.
   *
   * @param path from the top of the storage, without a leading slash
   * @returns its id, `cloud://<env>.<bucket>/<path>`
   * @throws Problem `UPSTREAM_UNAVAILABLE`, `UPSTREAM_TIMEOUT`, and `CONFIG_ERROR` outside CloudBase
   */
  save(path: string, bytes: Uint8Array, timeoutMs: number): Promise<string>
}

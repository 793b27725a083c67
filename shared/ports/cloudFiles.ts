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
}

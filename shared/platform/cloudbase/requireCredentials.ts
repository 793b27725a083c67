import { configProblem } from '../../core/problem.ts'

/**
 * Without credentials Tencent's SDKs end the whole process, from a promise that nobody holds. CloudBase puts
 * them into the environment anew with every call; elsewhere the deployment sets them.
 *
 * @throws Problem `CONFIG_ERROR`
 */
export function requireCredentials(): void {
  for (const name of ['TENCENTCLOUD_SECRETID', 'TENCENTCLOUD_SECRETKEY']) {
    if (!process.env[name]) throw configProblem(name, 'is missing, which CloudBase sets by itself')
  }
}

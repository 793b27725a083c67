/** What a deployment outside CloudBase sets itself for `STATE_STORE=cloudbase`. CloudBase sets its own. */
export const CLOUDBASE_VARIABLES = ['TCB_ENV', 'TENCENTCLOUD_SECRETID', 'TENCENTCLOUD_SECRETKEY'] as const

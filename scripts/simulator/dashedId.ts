import { randomBytes } from 'node:crypto'

/** A random id in the form of WeChat's request and trace ids: three groups of eight hex digits. */
export const makeDashedId = () => [1, 2, 3].map(() => randomBytes(4).toString('hex')).join('-')

import * as z from 'zod/mini'
import type { Json } from '../../shared/core/json.ts'
import { Problem } from '../../shared/core/problem.ts'
import { parseScene } from '../../shared/core/scene.ts'
import { defineFunction } from '../../shared/function/define.ts'
import { readSceneParams } from '../../shared/state/scenes.ts'

const input = z.strictObject({ scene: z.string() })

export type ResolveSceneInput = z.input<typeof input>

export type ResolveSceneOutput = {
  /** As `getQrCode` was given them. */
  readonly params: Json
}

/**
 * The `params` of the code that was scanned, by the `query.scene` that the mini program was opened with,
 * decoded or not.
 *
 * A scene proves only that somebody has seen the code: whoever scans it may read the parameters, and send them
 * on. Any user can have a code made, so they are as trustworthy as a query string.
 *
 * Fails with `NOT_FOUND` for a scene that stands for no parameters, made up or not, and with `SCENE_INVALID` for
 * what can be in no code.
 */
export default defineFunction({
  name: 'resolveScene',
  access: ['user'],
  input,
  uses: {},
  timeoutSeconds: 10,

  async handle({ records }, { scene }): Promise<ResolveSceneOutput> {
    const params = await readSceneParams(records, parseScene(scene))
    if (!params) throw new Problem('NOT_FOUND', { field: 'scene' })

    return { params }
  },
})

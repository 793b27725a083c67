import { isJsonObject } from './json.ts'

/** The one text of a JSON value, in whatever order its keys came: they are sorted at every level. */
export const canonicalJson = (value: unknown): string =>
  JSON.stringify(value, (_, nested: unknown) =>
    isJsonObject(nested)
      ? Object.fromEntries(
          Object.keys(nested)
            .sort()
            .map((key) => [key, nested[key]]),
        )
      : nested,
  )

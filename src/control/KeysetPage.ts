import { Effect } from "effect"
import { parseMicros } from "../domain/Micros.ts"
import { invalidField } from "./InvalidField.ts"
import { pageOf } from "./Page.ts"
import { decodeCursor, encodeCursor } from "./PageCursor.ts"

/** Where a page of a list ends that is in order of creation. */
export interface PagePlace {
  /** RFC 3339, to the microsecond. */
  readonly at: string
  readonly id: string
}

interface Item {
  readonly id: string
  readonly created_at: string
}

const placeOf = (text: string, list: string): PagePlace | undefined => {
  const [at = "", id = "", of, ...more] = decodeCursor(text) ?? []
  const isPlace = parseMicros(at) !== undefined && /^[\w-]{1,64}$/u.test(id)
  return isPlace && of === list && more.length === 0 ? { at, id } : undefined
}

/** A page of a list of this name, by `read`, which is asked for one more than are shown. */
export const keysetPage = Effect.fnUntraced(function* <A extends Item, E>(
  list: string,
  { limit = 50, cursor }: { readonly limit?: number; readonly cursor?: string },
  read: (page: {
    readonly limit: number
    readonly after: PagePlace | null
  }) => Effect.Effect<ReadonlyArray<A>, E>
) {
  const after = cursor === undefined ? null : placeOf(cursor, list)
  if (after === undefined) {
    return yield* invalidField("cursor", "is not the next_cursor of this list")
  }
  const found = yield* read({ limit: limit + 1, after })
  return pageOf(found, limit, (last) => encodeCursor(last.created_at, last.id, list))
})

/** A page of what was found, of which one more than `limit` was asked for; the cursor is that of its last item. */
export const pageOf = <A>(found: ReadonlyArray<A>, limit: number, cursorOf: (last: A) => string) => {
  const items = found.slice(0, limit)
  const last = items.at(-1)
  return { items, next_cursor: found.length > limit && last !== undefined ? cursorOf(last) : null }
}

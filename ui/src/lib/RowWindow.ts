/** Which rows of a long list stand in the document. */
export interface RowWindow {
  /** Index of the first. */
  readonly first: number
  /** Exclusive. */
  readonly end: number
  /** Pixels from the list's top to the first. */
  readonly offset: number
  /** Pixels of the whole list. */
  readonly height: number
}

export interface RowWindowInput {
  readonly scrollTop: number
  readonly viewport: number
  readonly rowHeight: number
  readonly total: number
  /** Rows beyond either edge, so that a fast scroll finds them there. */
  readonly overscan: number
}

/** All rows are of one height: index and place follow from each other, nothing is measured. */
export const rowWindow = ({ scrollTop, viewport, rowHeight, total, overscan }: RowWindowInput): RowWindow => {
  const height = total * rowHeight
  // A scroll position can be beyond the end for a moment after the list became shorter.
  const top = Math.max(0, Math.min(scrollTop, height - viewport))
  const first = Math.max(0, Math.floor(top / rowHeight) - overscan)
  const end = Math.min(total, Math.ceil((top + viewport) / rowHeight) + overscan)
  return { first, end: Math.max(first, end), offset: first * rowHeight, height }
}

/** The scroll position that brings a row into view with the least motion. */
export const scrollToRow = (
  index: number,
  { scrollTop, viewport, rowHeight }: Pick<RowWindowInput, "scrollTop" | "viewport" | "rowHeight">
): number => {
  const top = index * rowHeight
  if (top < scrollTop) return top
  const bottom = top + rowHeight
  return bottom > scrollTop + viewport ? bottom - viewport : scrollTop
}

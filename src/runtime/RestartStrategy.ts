/**
 * Who is restarted with a child that failed: it alone; all children; it and those started after it.
 */
export type RestartStrategy = "one-for-one" | "one-for-all" | "rest-for-one"

/** The children to restart, in start order. `children` is in start order; a stranger affects nobody. */
export const affected = <A>(
  strategy: RestartStrategy,
  children: ReadonlyArray<A>,
  failed: A
): ReadonlyArray<A> => {
  const index = children.indexOf(failed)
  if (index < 0) return []
  switch (strategy) {
    case "one-for-one":
      return [failed]
    case "one-for-all":
      return children
    case "rest-for-one":
      return children.slice(index)
  }
}

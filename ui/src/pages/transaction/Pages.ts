import { changesShown } from "../../api/Queries.ts"

/** The ordinal that the page with this one begins with. */
export const pageBegin = (ordinal: number): number => Math.floor(ordinal / changesShown) * changesShown

/** The address of a change among those that were committed with it. */
export const changeHref = ({ seq, ordinal }: { readonly seq: number; readonly ordinal: number }): string =>
  `/transactions/${seq}?change=${ordinal}`

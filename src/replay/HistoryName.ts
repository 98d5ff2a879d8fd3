import type { Incarnation } from "../domain/Log.ts"
import { formatLsn } from "../domain/Lsn.ts"

/**
 * What a target's ledger counts positions of. Seq begins at 1 again in a new archive, even under the same source's
 * name: what another history's job applied must not be taken for this one's. The first incarnation tells histories
 * apart.
 */
export const historyName = (source: string, [first]: ReadonlyArray<Incarnation>): string =>
  first === undefined
    ? source
    : `${source}@${first.systemIdentifier}/${first.slot}/${formatLsn(first.startLsn)}`

import { Result, Schema } from "effect"
import { packedOf } from "../domain/PackedChunk.ts"
import type { ArchivedChunk } from "../domain/Transaction.ts"
import type { CoverageStart } from "./IngestState.ts"
import { coverageMessagePrefix } from "./PublicationPlan.ts"

const Said = Schema.fromJsonString(
  Schema.Struct({ table: Schema.String, captured: Schema.Literals(["all", "inserts"]) })
)
const decode = Schema.decodeUnknownResult(Said)

/**
 * What the chunks say of the coverage of tables: said by the transactions that change a publication. A message of
 * the same prefix that somebody else wrote is none of ours.
 */
export const coverageStartsOf = (chunks: ReadonlyArray<ArchivedChunk>): ReadonlyArray<CoverageStart> => {
  const starts: Array<CoverageStart> = []
  for (const chunk of chunks) {
    if (packedOf(chunk).operations.message === 0) continue
    const { changes, commit, seq } = chunk
    for (const change of changes) {
      if (change.op !== "message" || change.prefix !== coverageMessagePrefix) continue
      const said = decode(Buffer.from(change.content, "base64").toString("utf8"))
      if (Result.isFailure(said)) continue
      starts.push({ ...said.success, commitLsn: commit.commitLsn, commitTime: commit.commitTime, seq })
    }
  }
  return starts
}

import type { ArchivedChunk } from "../domain/Transaction.ts"
import type { CoverageStart } from "./IngestState.ts"
import { coverageMessagePrefix } from "./PublicationPlan.ts"

const tableOf = (content: string): string | undefined => {
  try {
    const said: unknown = JSON.parse(Buffer.from(content, "base64").toString("utf8"))
    return typeof said === "object" && said !== null && "table" in said && typeof said.table === "string"
      ? said.table
      : undefined
  } catch {
    return undefined
  }
}

/** The tables whose coverage begins in these chunks: said by the transactions that put them into the publication. */
export const coverageStartsOf = (chunks: ReadonlyArray<ArchivedChunk>): ReadonlyArray<CoverageStart> => {
  const starts: Array<CoverageStart> = []
  for (const { changes, commit, seq } of chunks) {
    for (const change of changes) {
      if (change.op !== "message" || change.prefix !== coverageMessagePrefix) continue
      const table = tableOf(change.content)
      if (table === undefined) continue
      starts.push({ table, commitLsn: commit.commitLsn, commitTime: commit.commitTime, seq })
    }
  }
  return starts
}

import { formatLsn, type Lsn } from "../domain/Lsn.ts"
import { quoteIdent, quoteLiteral } from "./Quoting.ts"
import type { CapturePlugin } from "./Slot.ts"

/**
 * The command that starts a slot. From version 14 on transactions in progress are streamed, which needs protocol 2,
 * and logical messages are asked for. Values come as text: what a client reads, for any type, also of extensions.
 */
export const startReplication = (
  slot: string,
  plugin: CapturePlugin,
  from: Lsn,
  publications: ReadonlyArray<string>,
  serverVersion: number
): string => {
  const names = publications.map(quoteIdent).join(",")
  const modern = serverVersion >= 140000
  const options: ReadonlyArray<readonly [string, string]> =
    plugin === "wal2json"
      ? [
          ["format-version", "2"],
          ["include-xids", "true"],
          ["include-timestamp", "true"],
          ["include-lsn", "true"],
          ["include-types", "true"],
          ["include-pk", "true"],
          ["include-origin", "true"],
          ["include-transaction", "true"]
        ]
      : [
          ["proto_version", modern ? "2" : "1"],
          ["publication_names", names],
          ...(modern
            ? ([
                ["streaming", "on"],
                ["messages", "true"]
              ] as const)
            : [])
        ]
  const list = options.map(([name, value]) => `${quoteIdent(name)} ${quoteLiteral(value)}`).join(", ")
  return `START_REPLICATION SLOT ${quoteIdent(slot)} LOGICAL ${formatLsn(from)} (${list})`
}

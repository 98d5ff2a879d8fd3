import { Effect } from "effect"
import { formatLsn, type Lsn } from "../domain/Lsn.ts"
import type { PostgresError } from "../postgres/PostgresError.ts"
import type { Attachment } from "./Attach.ts"
import { quoteIdent, quoteLiteral } from "./Quoting.ts"
import type { CapturePlugin } from "./Slot.ts"
import { wal2jsonOptions } from "./wal2json/Wal2JsonOptions.ts"

type PluginOptions = ReadonlyArray<readonly [name: string, value: string]>

/**
 * From version 14 on transactions in progress are streamed, which needs protocol 2, and logical messages are asked
 * for. Values come as text: what a client reads, for any type, also of extensions.
 */
const pgoutputOptions = (publications: ReadonlyArray<string>, serverVersion: number): PluginOptions => {
  const names = ["publication_names", publications.map(quoteIdent).join(",")] as const
  return serverVersion < 140000
    ? [["proto_version", "1"], names]
    : [["proto_version", "2"], names, ["streaming", "on"], ["messages", "true"]]
}

/**
 * Whether the server's wal2json knows an option: it refuses to start with one that it does not. Looks at the slot
 * without moving it, and stops at the first record.
 */
const knowsOption = (
  { session }: Attachment,
  slot: string,
  name: string
): Effect.Effect<boolean, PostgresError> =>
  session
    .query("SELECT FROM pg_logical_slot_peek_changes($1, '0/1', 1, 'format-version', '2', $2, 'true')", [
      slot,
      name
    ])
    .pipe(
      Effect.as(true),
      Effect.catchIf(
        (error) => error.failure === "rejected",
        () => Effect.succeed(false)
      )
    )

const replicationCommand = (slot: string, from: Lsn, options: PluginOptions): string => {
  const list = options.map(([name, value]) => `${quoteIdent(name)} ${quoteLiteral(value)}`).join(", ")
  return `START_REPLICATION SLOT ${quoteIdent(slot)} LOGICAL ${formatLsn(from)} (${list})`
}

/** The command that starts an attached slot with its plugin's options. */
export const startReplication: (
  attachment: Attachment,
  slot: string,
  plugin: CapturePlugin
) => Effect.Effect<string, PostgresError> = Effect.fnUntraced(function* (attachment, slot, plugin) {
  const { publications, facts, startLsn } = attachment
  if (plugin === "pgoutput") {
    return replicationCommand(slot, startLsn, pgoutputOptions(publications, facts.serverVersion))
  }
  const numbersAsText = yield* knowsOption(attachment, slot, "numeric-data-types-as-string")
  if (!numbersAsText) {
    yield* Effect.logWarning(
      "this wal2json (before 2.6) sends NaN and the infinities of numeric, real and double precision as null: they are lost. What to do: CAPTURE_PLUGIN=pgoutput, or wal2json 2.6"
    )
  }
  return replicationCommand(slot, startLsn, wal2jsonOptions({ numbersAsText, withoutSchemas: ["walstream"] }))
})

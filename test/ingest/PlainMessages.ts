import type { Change } from "../../src/domain/Change.ts"
import type { ChangeMessage, ReplicationMessage } from "../../src/ingest/ReplicationMessage.ts"

/** A message with its change as it can be looked at. */
export type PlainMessage =
  | Exclude<ReplicationMessage, ChangeMessage>
  | (Omit<ChangeMessage, "change"> & { readonly change: Change })

const changeOf = ({ change }: ChangeMessage): Change => {
  const [only, ...more] = change.unpack()
  if (only === undefined || more.length > 0) throw new Error("a message has one change")
  return only
}

export const plainMessage = (message: ReplicationMessage): PlainMessage =>
  message._tag === "Change" ? { ...message, change: changeOf(message) } : message

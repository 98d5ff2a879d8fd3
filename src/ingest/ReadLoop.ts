import { Effect } from "effect"
import { type PackedChanges, packChanges } from "../domain/PackedChanges.ts"
import type { Relation } from "../domain/Relation.ts"
import type { Assembler } from "./Assembler.ts"
import type { Handoff } from "./Handoff.ts"
import type { Received } from "./Received.ts"
import type { ReplicationMessage } from "./ReplicationMessage.ts"
import type { SequenceError } from "./SequenceError.ts"
import type { SlotReader } from "./SlotReader.ts"
import type { SourceError } from "./SourceError.ts"
import type { SpillError } from "./SpillError.ts"

/** Our own tables, when target and source are databases of one server, or one database. Never captured. */
const ours = "walstream"

const isOurs = (relation: Relation): boolean => relation.schema === ours

/** The changes without our own tables; undefined when nothing else is in them. Only a TRUNCATE is of several tables. */
const withoutOurs = (packed: PackedChanges): PackedChanges | undefined => {
  if (!packed.relations.some(isOurs)) return packed
  const relations = packed.relations.filter((relation) => !isOurs(relation))
  if (relations.length === 0) return undefined
  const [change] = packed.unpack()
  return change?.op === "truncate" ? packChanges([{ ...change, relations }]) : undefined
}

export interface Split {
  readonly before: ReadonlyArray<ReplicationMessage>
  /** The last position in the batch that was told between two transactions. */
  readonly idle: bigint | undefined
  readonly after: ReadonlyArray<ReplicationMessage>
  /** Whether the batch ends inside a transaction or a block of one. */
  readonly inside: boolean
  /** The shapes of tables that the server described. */
  readonly shapes: ReadonlyArray<string>
}

/**
 * Cuts a batch at its last keepalive that stands outside of every transaction and block; the others say nothing more.
 * A transaction in progress between its blocks does not matter: it commits later than the position, and the server
 * sends it again from its beginning as long as it is not confirmed.
 */
export const splitAtIdle = (batch: ReadonlyArray<Received>, startsInside: boolean): Split => {
  let inside = startsInside
  let before: ReadonlyArray<ReplicationMessage> = []
  let idle: bigint | undefined
  let after: Array<ReplicationMessage> = []
  const shapes: Array<string> = []
  for (const message of batch) {
    switch (message._tag) {
      case "Keepalive":
        if (inside) break
        idle = message.lsn
        if (after.length > 0) before = before.length === 0 ? after : [...before, ...after]
        after = []
        break
      case "Begin":
      case "StreamStart":
        inside = true
        after.push(message)
        break
      case "Commit":
      case "StreamStop":
        inside = false
        after.push(message)
        break
      case "Relation":
        shapes.push(message.relation.fingerprint)
        break
      case "Change": {
        const change = withoutOurs(message.change)
        if (change === message.change) after.push(message)
        else if (change !== undefined) after.push({ ...message, change })
        break
      }
      default:
        after.push(message)
    }
  }
  return { before, idle, after, inside, shapes }
}

/**
 * From the slot's connection through the assembler to the publishing side, in order. `newShape` runs when a table came, or was
 * altered: its identity may be another one.
 */
export const readLoop = (
  reader: Pick<SlotReader, "take">,
  assembler: Pick<Assembler, "assemble">,
  handoff: Pick<Handoff, "offer">,
  newShape: Effect.Effect<void>
): Effect.Effect<never, SourceError | SpillError | SequenceError> => {
  let inside = false
  const known = new Set<string>()
  const assemble = (messages: ReadonlyArray<ReplicationMessage>) =>
    messages.length === 0 ? Effect.void : assembler.assemble(messages, (items) => handoff.offer(items))
  return reader.take.pipe(
    Effect.flatMap((batch) => {
      const split = splitAtIdle(batch, inside)
      inside = split.inside
      const fresh = split.shapes.filter((shape) => !known.has(shape))
      for (const shape of fresh) known.add(shape)
      const step =
        split.idle === undefined
          ? assemble(split.after)
          : assemble(split.before).pipe(
              Effect.andThen(handoff.offer([{ _tag: "Idle", endLsn: split.idle }])),
              Effect.andThen(assemble(split.after))
            )
      return fresh.length === 0 ? step : Effect.andThen(step, newShape)
    }),
    Effect.forever
  )
}

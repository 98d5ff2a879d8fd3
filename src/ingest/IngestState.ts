import { Context, Effect, Layer, PubSub, SubscriptionRef } from "effect"
import type { Operation } from "../domain/Change.ts"
import type { Lsn } from "../domain/Lsn.ts"
import type { Micros } from "../domain/Micros.ts"
import type { GateReason } from "./Gate.ts"
import type { IngestPhase } from "./IngestPhase.ts"
import { IngestTimings } from "./IngestTimings.ts"
import type { Captured } from "./PublicationPlan.ts"
import type { LogicalMessage } from "./ReplicationMessage.ts"
import type { SourceStatus } from "./SourceStatus.ts"

/** Counters and positions of capture. All counters begin at 0 with the process. */
export interface IngestFigures {
  /** Last seq that the archive has, whole. */
  readonly seq: number
  /** Everything below is durable in the archive. */
  readonly frontier: Lsn
  /** What PostgreSQL was told. */
  readonly confirmed: Lsn
  /** The newest position that the server told. */
  readonly serverLsn: Lsn
  /** By the source's clock; null before the first. */
  readonly lastCommitTime: Micros | null
  /** From commit at the source until durable in the archive, of the newest batch, in seconds. */
  readonly latencySeconds: number | null
  /** Up to which commit time the archive is known to be complete. */
  readonly coverageTime: Micros | null
  readonly transactions: number
  readonly changes: number
  /** The same by operation. */
  readonly operations: Readonly<Record<Operation, number>>
  readonly bytes: number
  /** Commits of which nothing is published. */
  readonly emptyTransactions: number
  readonly messages: number
  readonly receivedBytes: number
  readonly reconnects: number
  readonly archiveRetries: number
  readonly liveChanges: number
  readonly liveDropped: number
  /** Bytes that wait: decoded, and assembled. */
  readonly queuedBytes: number
  readonly handoffBytes: number
  readonly gate: ReadonlyArray<GateReason>
  readonly spilledBytes: number
  readonly openTransactions: number
}

/**
 * Where in the history a table joined, or lost or gained a replica identity. What was done to it before, and not
 * captured then, is not in the log.
 */
export interface CoverageStart {
  /** `schema.table`. */
  readonly table: string
  /** From here on: everything, or inserts and truncates only. */
  readonly captured: Captured
  /** The transaction that put it into the publication; whole are those that began after it. */
  readonly commitLsn: Lsn
  readonly commitTime: Micros
  readonly seq: number
}

const noFigures: IngestFigures = {
  seq: 0,
  frontier: 0n,
  confirmed: 0n,
  serverLsn: 0n,
  lastCommitTime: null,
  latencySeconds: null,
  coverageTime: null,
  transactions: 0,
  changes: 0,
  operations: { insert: 0, update: 0, delete: 0, truncate: 0, message: 0 },
  bytes: 0,
  emptyTransactions: 0,
  messages: 0,
  receivedBytes: 0,
  reconnects: 0,
  archiveRetries: 0,
  liveChanges: 0,
  liveDropped: 0,
  queuedBytes: 0,
  handoffBytes: 0,
  gate: [],
  spilledBytes: 0,
  openTransactions: 0
}

/** What others can read of capture: API, metrics, dashboard. Written by the actors of this room only. */
export class IngestState extends Context.Service<
  IngestState,
  {
    readonly phase: SubscriptionRef.SubscriptionRef<IngestPhase>
    readonly timings: IngestTimings
    /** As of now. */
    readonly figures: Effect.Effect<IngestFigures>
    /** Null until the first answer of the source. */
    readonly source: SubscriptionRef.SubscriptionRef<SourceStatus | null>
    /** What changed in this life of the process; the history itself has all, as messages. */
    readonly coverageStarts: SubscriptionRef.SubscriptionRef<ReadonlyArray<CoverageStart>>
    /** Non-transactional messages, as they come: they belong to no transaction and are not archived. */
    readonly messages: PubSub.PubSub<LogicalMessage>
    /** Changes some figures; plain, since it runs once per batch. */
    readonly update: (change: (figures: IngestFigures) => Partial<IngestFigures>) => void
    /** Where to ask for figures that live elsewhere, such as queue lengths. */
    readonly probe: (read: () => Partial<IngestFigures>) => void
  }
>()("walstream/ingest/IngestState") {
  static readonly layer = Layer.effect(
    this,
    Effect.gen(function* () {
      const phase = yield* SubscriptionRef.make<IngestPhase>({ _tag: "Starting" })
      const source = yield* SubscriptionRef.make<SourceStatus | null>(null)
      const coverageStarts = yield* SubscriptionRef.make<ReadonlyArray<CoverageStart>>([])
      const messages = yield* PubSub.sliding<LogicalMessage>(256)
      let current = noFigures
      let read: () => Partial<IngestFigures> = () => ({})
      return {
        phase,
        source,
        coverageStarts,
        messages,
        timings: new IngestTimings(),
        figures: Effect.sync(() => ({ ...current, ...read() })),
        update: (change: (figures: IngestFigures) => Partial<IngestFigures>) => {
          current = { ...current, ...change(current) }
        },
        probe: (probe: () => Partial<IngestFigures>) => {
          read = probe
        }
      }
    })
  )
}

import { Effect, Exit, Scope } from "effect"
import { comparePosition, origin, type Position } from "../../domain/Position.ts"
import type { ApplyOptions } from "../Target.ts"
import type { TargetErrorReason } from "../TargetError.ts"
import { commit } from "./BatchRun.ts"
import { BurstFailed, type Done, type Statement } from "./Burst.ts"
import type { Interval } from "./Intervals.ts"
import { claimStatements, readIntervals, readStanding, standingStatement } from "./Ledger.ts"
import { type OpenOptions, openTarget } from "./OpenTarget.ts"
import type { TargetConnection } from "./TargetConnection.ts"

export type Failure = BurstFailed | TargetErrorReason

export const sameStanding = (a: Position | null, b: Position | null): boolean =>
  a === null || b === null ? a === b : comparePosition(a, b) === 0

/** One holder of a job at one target: its connection, and what it knows of the ledger. */
export interface Holder {
  /** The connection, opened anew when it was lost. */
  readonly connect: Effect.Effect<TargetConnection, TargetErrorReason>
  readonly close: Effect.Effect<void>
  /** Where the job stands; undefined when only the ledger knows. */
  stands: Position | null | undefined
  /** What other jobs had applied when this one last looked. */
  readonly intervals: () => ReadonlyArray<Interval>
  /** Whether changes were applied by themselves, when this one last looked: then their marks tell more. */
  readonly hasEventKeys: () => boolean
  /** Raises the ledger to this epoch, takes the turn, and reads where everybody stands. */
  readonly claim: (connection: TargetConnection) => Effect.Effect<Position | null, Failure>
  /** The same in a transaction that stays open, so that no other job comes between. */
  readonly takeTurn: (connection: TargetConnection) => Effect.Effect<void, Failure>
  /** Why the ledger was not as expected: fails, unless it is only another job's turn. */
  readonly tellWhy: (connection: TargetConnection, expected: Position | null) => Effect.Effect<void, Failure>
}

const lockNotAvailable = "55P03"

/** Ends the other connections of this job, which carry the same name. They read the ledger before they write again. */
const evictStatement: Statement = {
  sql: `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = current_setting('application_name')
AND usename = current_user AND datname = current_database() AND pid <> pg_backend_pid()`,
  parameters: []
}

const moved = (position: Position | null): TargetErrorReason => ({ _tag: "Moved", ...(position ?? origin) })

export const makeHolder = (target: string, options: ApplyOptions, open: OpenOptions): Holder => {
  const { epoch } = options
  let current: { readonly connection: TargetConnection; readonly scope: Scope.Closeable } | undefined
  let intervals: ReadonlyArray<Interval> = []

  const fenced = (theirs: number): TargetErrorReason => ({ _tag: "Fenced", mine: epoch, theirs })
  let hasEventKeys = false

  const close = Effect.suspend(() => {
    const former = current
    current = undefined
    return former === undefined ? Effect.void : Scope.close(former.scope, Exit.void)
  })

  const connect = Effect.gen(function* () {
    if (current?.connection.isAlive() === true) return current.connection
    yield* close
    const scope = yield* Scope.make()
    const connection = yield* openTarget(open).pipe(
      Scope.provide(scope),
      Effect.onError(() => Scope.close(scope, Exit.void))
    )
    current = { connection, scope }
    holder.stands = undefined
    yield* Effect.logDebug("target opened").pipe(
      Effect.annotateLogs({
        target,
        job_id: options.jobId,
        triggers: connection.mode,
        origin: connection.origin?.name ?? "none"
      })
    )
    return connection
  })

  /** From what the claim's statements answered. */
  const learn = (claimed: ReadonlyArray<Done>): Effect.Effect<Position | null, TargetErrorReason> => {
    const standing = readStanding(claimed[1]?.rows[0])
    if (standing === undefined) return Effect.die(new Error("the ledger's row is gone"))
    if (standing.epoch !== epoch) return Effect.fail(fenced(standing.epoch))
    holder.stands = standing.position
    intervals = readIntervals(claimed[2]?.rows ?? [])
    hasEventKeys = claimed[3]?.rows[0]?.[0] === "true"
    return Effect.succeed(standing.position)
  }

  const claim = (connection: TargetConnection): Effect.Effect<Position | null, Failure> =>
    connection
      .send([...connection.begin, ...claimStatements(options), ...connection.stamp(null), commit])
      .pipe(
        Effect.onError(() => connection.rollback),
        Effect.flatMap((done) => learn(done.slice(connection.begin.length)))
      )

  /**
   * A former holder that is frozen in the middle of a batch would keep its locks for as long as it is frozen. A later
   * one may hold them for long, too: who wakes up after that must leave it alone.
   */
  const evict = (connection: TargetConnection): Effect.Effect<void, Failure> =>
    Effect.flatMap(connection.send([standingStatement(options)]), ([done]): Effect.Effect<void, Failure> => {
      const standing = readStanding(done?.rows[0])
      return standing !== undefined && standing.epoch > epoch
        ? Effect.fail(fenced(standing.epoch))
        : Effect.asVoid(connection.send([evictStatement]))
    })

  const holder: Holder = {
    connect,
    close,
    stands: undefined,
    intervals: () => intervals,
    hasEventKeys: () => hasEventKeys,
    claim: (connection) =>
      Effect.catchIf(
        claim(connection),
        (failure) => failure instanceof BurstFailed && failure.cause.code === lockNotAvailable,
        () => Effect.andThen(evict(connection), claim(connection))
      ),
    takeTurn: (connection) => {
      const expected = holder.stands
      return connection.send([...connection.begin, ...claimStatements(options)]).pipe(
        Effect.flatMap((done) => learn(done.slice(connection.begin.length))),
        Effect.flatMap((found) =>
          expected === undefined || sameStanding(found, expected) ? Effect.void : Effect.fail(moved(found))
        ),
        Effect.onError(() => connection.rollback)
      )
    },
    tellWhy: (connection, expected) =>
      Effect.flatMap(connection.send([standingStatement(options)]), ([done]) => {
        const standing = readStanding(done?.rows[0])
        if (standing === undefined) return Effect.fail(moved(null))
        if (standing.epoch !== epoch) return Effect.fail(fenced(standing.epoch))
        holder.stands = standing.position
        return sameStanding(standing.position, expected) ? Effect.void : Effect.fail(moved(standing.position))
      })
  }
  return holder
}

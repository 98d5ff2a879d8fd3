import { mkdir } from "node:fs/promises"
import { dirname } from "node:path"
import { Clock, Context, Duration, Effect, Layer, Option } from "effect"
import type { Incarnation, Mark } from "../domain/Log.ts"
import type { ArchivedChunk } from "../domain/Transaction.ts"
import { ActorSystem } from "../runtime/ActorSystem.ts"
import { reconnect } from "../runtime/RetryPolicy.ts"
import { Archive, type ArchiveTail } from "./Archive.ts"
import { LogError } from "./LogError.ts"
import { SpillGauge } from "./SpillGauge.ts"
import { keepDraining } from "./spill/Drain.ts"
import { openSpillLog, type SpillLogOptions } from "./spill/SpillLog.ts"
import { SpillState } from "./spill/SpillState.ts"
import { goesOnAt, lastAfter, named, unnamed } from "./spill/Standing.ts"

export interface SpillArchiveOptions extends SpillLogOptions {
  /** How long the archive may take nothing before the spill takes over. Default 10 seconds. */
  readonly patience?: Duration.Input
}

const make = Effect.fnUntraced(function* (options: SpillArchiveOptions) {
  const primary = yield* Archive
  const { root } = yield* ActorSystem
  const patience = Duration.fromInputUnsafe(options.patience ?? "10 seconds")
  yield* Effect.tryPromise({
    try: () => mkdir(dirname(options.file), { recursive: true }),
    catch: () =>
      new LogError({
        store: "spill",
        reason: {
          _tag: "Unsuited",
          detail: `${dirname(options.file)} cannot be made`,
          fix: "give DATA_DIR a place where this user may write"
        }
      })
  })
  const log = yield* openSpillLog(options)
  const state = new SpillState(log, options.maxBytes)
  if (log.leads()) {
    yield* state.holdsFrom(goesOnAt(log.ends().base).seq)
    state.since = yield* Clock.currentTimeMillis
    yield* Effect.logWarning(`the spill ${log.file} holds what the archive did not take before`)
  }

  const takeOver = Effect.fnUntraced(function* (known: ArchiveTail) {
    yield* log.begin({ ...known, mark: unnamed(known.mark) })
    state.since = yield* Clock.currentTimeMillis
    state.answered(null)
    state.began.notify()
    yield* Effect.logWarning(
      `the archive (${primary.kind}) has taken nothing for ${Duration.toSeconds(patience)} s: changes go to the spill ${log.file} until it is back, ${options.maxBytes} bytes at most`
    )
  })

  /** At the archive, for as long as that may take; then, and while the spill leads, there. */
  const byLeader = <A>(
    atArchive: Effect.Effect<A, LogError>,
    atSpill: Effect.Effect<A, LogError>
  ): Effect.Effect<A, LogError> =>
    state.turn.withPermit(
      Effect.suspend(() => {
        if (log.leads()) return atSpill
        const { canTakeOver, known } = state
        if (!canTakeOver || known === null) return atArchive
        return atArchive.pipe(
          Effect.retry({ schedule: reconnect, while: (error) => error.isRetryable }),
          Effect.timeoutOption(patience),
          Effect.flatMap(
            Option.match({
              onNone: () => Effect.andThen(takeOver(known), atSpill),
              onSome: (answer) => Effect.succeed(answer)
            })
          )
        )
      })
    )

  const append = (chunks: ReadonlyArray<ArchivedChunk>) =>
    byLeader(
      Effect.map(primary.append(chunks), () => {
        const { known } = state
        if (known !== null) state.known = { ...known, last: lastAfter(known.last, chunks) }
      }),
      Effect.suspend(() => {
        state.isHeld = true
        return Effect.map(log.append(chunks), () => state.took(chunks))
      })
    )

  /** While the spill leads there is nothing to make ready. */
  const prepare = (chunks: ReadonlyArray<ArchivedChunk>) =>
    Effect.suspend(() => (log.leads() ? Effect.void : (primary.prepare?.(chunks) ?? Effect.void)))

  const writeMark = (mark: Mark) =>
    byLeader(
      Effect.map(primary.writeMark(named(mark, log.name)), () => {
        state.isNamed = true
        if (state.known !== null) state.known = { ...state.known, mark }
      }),
      Effect.suspend(() => {
        state.isHeld = true
        return log.writeMark(mark)
      })
    )

  const recoverArchive = Effect.map(primary.recover, (tail): ArchiveTail => {
    state.isNamed = tail.mark?.spill?.id === log.name.id
    state.known = tail
    return state.isNamed ? { ...tail, mark: unnamed(tail.mark) } : tail
  })
  const recoverSpill = Effect.suspend(() => {
    const { trouble } = state
    if (trouble !== null) return Effect.fail(trouble)
    return Effect.succeed<ArchiveTail>({ ...log.tail(), ...(state.isAsked ? {} : { unconfirmed: true }) })
  })

  const beginIncarnation = (incarnation: Incarnation) =>
    state.turn.withPermit(
      Effect.suspend(() =>
        log.leads()
          ? Effect.fail(
              new LogError({
                store: "spill",
                reason: {
                  _tag: "Unavailable",
                  detail: `a new life of the source begins when the archive has what ${log.file} holds`
                }
              })
            )
          : Effect.andThen(primary.beginIncarnation(incarnation), recoverArchive)
      )
    )

  const supervisor = yield* Effect.acquireRelease(
    root.supervise({ name: "spill-drain", intensity: "unlimited", backoff: reconnect }),
    () => root.stop("spill-drain")
  ).pipe(Effect.orDie)
  yield* supervisor
    .spawn({ name: "drain", run: () => keepDraining({ primary, log, state, patience }) })
    .pipe(Effect.orDie)

  const archive = Archive.of({
    ...primary,
    recover: Effect.suspend(() =>
      log.leads() && !state.isAsked ? Effect.timeoutOption(state.asked, patience) : Effect.void
    ).pipe(Effect.andThen(byLeader(recoverArchive, recoverSpill))),
    append,
    prepare,
    writeMark,
    beginIncarnation: (incarnation) => Effect.asVoid(beginIncarnation(incarnation))
  })
  const gauge = { read: () => state.figures }
  return Context.make(Archive, archive).pipe(Context.add(SpillGauge, gauge))
})

/**
 * An archive with a spill beside it, a log in a local file that takes over when the archive takes nothing, and is
 * drained into it when it is back. Appends and marks are durable in either; what is read, and what coverage tells, is
 * the archive's alone: readers in other processes see no more either.
 *
 * - Nothing is confirmed from the spill unless the archive's mark names it.
 * - The spill leads, across lives too, until the archive has all that it holds, and the mark.
 *
 * Fails as the archive does, and as `openSpillLog` does.
 */
const layer = (options: SpillArchiveOptions): Layer.Layer<Archive, LogError, Archive | ActorSystem> =>
  Layer.effectContext(make(options))

export const SpillArchive = { layer }

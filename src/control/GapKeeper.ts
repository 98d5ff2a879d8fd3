import type { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Option, SubscriptionRef } from "effect"
import { Ingestor } from "../ingest/Ingestor.ts"
import { IngestState } from "../ingest/IngestState.ts"
import { Archive } from "../log/Archive.ts"
import type { ActorSystem } from "../runtime/ActorSystem.ts"
import { spawnKept } from "../runtime/KeptActor.ts"
import { SourceGaps } from "./SourceGaps.ts"

/** While capture has stopped at a hole: looks whether that very one was accepted, and tells capture. */
const keep = Effect.fnUntraced(function* (source: string, everyMillis: number) {
  const state = yield* IngestState
  const ingestor = yield* Ingestor
  const archive = yield* Archive
  const gaps = yield* SourceGaps
  let open = true
  for (;;) {
    const phase = yield* SubscriptionRef.get(state.phase)
    if (phase._tag === "Stopped" && phase.gap !== null) {
      const accepted = yield* gaps.find(source, phase.gap.id)
      if (Option.isSome(accepted)) {
        const { gap, accepted_by: by, reason } = accepted.value
        yield* ingestor.acceptGap({ gap, by, reason })
        open = true
      }
    } else if (open && phase._tag === "Capturing") {
      open = yield* gaps.follow(source, yield* archive.incarnations)
    }
    yield* Effect.sleep(everyMillis)
  }
})

/** Beside capture: learns from the control database which hole was accepted. */
export const layerGapKeeper = (
  source: string,
  everyMillis = 2000
): Layer.Layer<never, never, Ingestor | IngestState | Archive | PgClient.PgClient | ActorSystem> =>
  Layer.effectDiscard(spawnKept({ group: "gaps", name: "acceptance", run: keep(source, everyMillis) })).pipe(
    Layer.provide(SourceGaps.layer)
  )

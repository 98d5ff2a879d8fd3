import { assert, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import type { ArchivedChunk } from "../../../src/domain/Transaction.ts"
import { Archive } from "../../../src/log/Archive.ts"
import { LogError } from "../../../src/log/LogError.ts"
import { archiveTraced, targetsTraced } from "../../../src/main/trace/Traced.ts"
import { Targets } from "../../../src/replay/Target.ts"
import { isChosen } from "../../../src/runtime/trace/TraceIds.ts"
import { type Span, Tracing } from "../../../src/runtime/trace/Tracing.ts"
import { chunk, incarnation } from "../../control/TestApi.ts"

const archiveOf = (append: (chunks: ReadonlyArray<ArchivedChunk>) => Effect.Effect<void, LogError>) =>
  Layer.mock(Archive, { kind: "sqlite", append, incarnations: Effect.succeed([incarnation]) })

it.effect("where nothing is traced, archive and targets are the very same as without", () =>
  Effect.gen(function* () {
    const archive = Context.get(yield* Layer.build(archiveOf(() => Effect.void)), Archive)
    const targets = Context.get(yield* Layer.build(Layer.mock(Targets, { names: [] })), Targets)
    const built = yield* Layer.build(
      Layer.merge(
        archiveTraced(Layer.succeed(Archive, archive), "shop"),
        targetsTraced(Layer.succeed(Targets, targets), "worker")
      )
    )
    assert.strictEqual(Context.get(built, Archive), archive)
    assert.strictEqual(Context.get(built, Targets), targets)
  })
)

it.effect("a traced archive records the chosen transactions that it has taken, and no others", () =>
  Effect.gen(function* () {
    const spans: Array<Span> = []
    const ratio = 0.5
    let isAway = true
    const append = () =>
      isAway
        ? Effect.fail(new LogError({ store: "test", reason: { _tag: "Unavailable", detail: "away" } }))
        : Effect.void
    const built = yield* Layer.build(
      archiveTraced(archiveOf(append), "shop").pipe(
        Layer.provide(Layer.succeed(Tracing, { ratio, record: (span: Span) => void spans.push(span) }))
      )
    )
    const archive = Context.get(built, Archive)
    const chunks = Array.from({ length: 20 }, (_, i) => chunk(i + 1, []))
    // Its last part is not there yet.
    const open = { ...chunk(21, []), last: false }
    yield* Effect.flip(archive.append([...chunks, open]))
    assert.deepStrictEqual(spans, [])
    isAway = false
    yield* archive.append([...chunks, open])
    const chosen = chunks.filter(({ seq }) => isChosen(seq, ratio)).map(({ seq }) => seq)
    assert.deepStrictEqual(
      spans.map(({ name, attributes }) => `${name} ${attributes["walstream.seq"]}`),
      chosen.flatMap((seq) => [`capture ${seq}`, `archive append ${seq}`])
    )
    assert.strictEqual(new Set(spans.map(({ spanId }) => spanId)).size, spans.length)
  })
)

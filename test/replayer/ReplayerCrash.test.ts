import { type ChildProcess, spawn } from "node:child_process"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { assert, layer } from "@effect/vitest"
import { Context, Effect, Fiber, Layer, Redacted, Schedule, type Scope } from "effect"
import { origin, type Position } from "../../src/domain/Position.ts"
import type { ArchivedChunk } from "../../src/domain/Transaction.ts"
import { freePort } from "../../src/postgres/EmbeddedPostgres.ts"
import { type TargetSession, Targets } from "../../src/replay/Target.ts"
import { Dice } from "../log/Dice.ts"
import { cutBatches, defaults, endOf, makeScene, Server } from "../replay/target/TargetScene.ts"
import { assertSameDatabases } from "../servers/CompareDatabases.ts"
import { clientOf } from "./TestReplayer.ts"

const schema = `CREATE TABLE public.keyless (a int, v text); ALTER TABLE public.keyless REPLICA IDENTITY FULL;
  CREATE TABLE public.t (id int PRIMARY KEY, v text)`

const eventLoopTurn = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))

const behind = (chunks: ReadonlyArray<ArchivedChunk>, position: Position): ReadonlyArray<ArchivedChunk> =>
  chunks.flatMap((chunk) => {
    if (chunk.seq !== position.seq) return chunk.seq > position.seq ? [chunk] : []
    const changes = chunk.changes.slice(position.ordinal + 1 - chunk.firstOrdinal)
    return changes.length === 0 ? [] : [{ ...chunk, firstOrdinal: position.ordinal + 1, changes }]
  })

/** A replayer's process; completes when it listens. */
const start = (url: Redacted.Redacted, port: number): Effect.Effect<ChildProcess> =>
  Effect.callback((resume) => {
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, "ReplayerProcess.ts"), Redacted.value(url), String(port)],
      { stdio: ["ignore", "pipe", "inherit"] }
    )
    createInterface({ input: child.stdout }).once("line", () => resume(Effect.succeed(child)))
    return Effect.sync(() => child.kill("SIGKILL"))
  })

const end = (child: ChildProcess, signal: NodeJS.Signals): Effect.Effect<void> =>
  Effect.callback((resume) => {
    if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
    child.once("exit", () => resume(Effect.void))
    child.kill(signal)
  })

layer(Server.layer, { timeout: "60 seconds", excludeTestServices: true })("a replayer's process", (it) => {
  it.effect(
    "may be killed, stopped or frozen at any moment: every change is applied exactly once",
    () =>
      Effect.gen(function* () {
        const dice = new Dice(Number(process.env["SEED"] ?? 5))
        const scene = yield* makeScene(schema)
        for (let i = 0; i < 40; i++) {
          yield* scene.source.script(
            `BEGIN; INSERT INTO public.keyless SELECT g % 5, 'n' FROM generate_series(1, ${1 + dice.below(20)}) g;
             INSERT INTO public.t VALUES (${i}, 'new'); UPDATE public.t SET v = v || ${i} WHERE id % 7 = ${i % 7};
             DELETE FROM public.keyless WHERE ctid = (SELECT min(ctid) FROM public.keyless); COMMIT`
          )
        }
        const chunks = yield* scene.history
        const port = yield* freePort
        let child = yield* start(scene.targetUrl, port)
        yield* Effect.addFinalizer(() => end(child, "SIGKILL"))
        const targets = Context.get(
          yield* Layer.build(clientOf(port, { keepalive: { everyMillis: 300, timeoutMillis: 300 } })),
          Targets
        )
        // As a runner does: again until it answers, and then on from where the ledger stands.
        const reopen: Effect.Effect<readonly [TargetSession, Position], never, Scope.Scope> = Effect.gen(
          function* () {
            const session = yield* targets.open("there", false, defaults)
            return [session, (yield* session.position) ?? origin] as const
          }
        ).pipe(
          Effect.retry({ while: (error) => error.isRetryable, schedule: Schedule.spaced(50) }),
          Effect.orDie
        )
        let [session, position] = yield* reopen
        const troubles = { SIGKILL: 0, SIGTERM: 0, SIGSTOP: 0 }
        for (;;) {
          const [batch] = cutBatches(behind(chunks, position), () => 20 + dice.below(90))
          if (batch === undefined) break
          const applying = yield* Effect.forkChild(
            Effect.result(
              session.apply({ chunks: batch, follows: position, until: endOf(batch), goesOn: false })
            )
          )
          const trouble = dice.pick(["SIGKILL", "SIGTERM", "SIGSTOP", null] as const)
          yield* Effect.repeat(eventLoopTurn, { times: dice.below(60) })
          if (trouble === null) {
            const applied = yield* Fiber.join(applying)
            if (applied._tag === "Success") position = endOf(batch)
            else [session, position] = yield* reopen
            continue
          }
          troubles[trouble] += 1
          const former = child
          if (trouble === "SIGSTOP") former.kill("SIGSTOP")
          else yield* end(former, trouble)
          // Frozen, its connection stands: only the keepalive tells.
          yield* Fiber.join(applying)
          // A frozen one keeps its port: it is thawed, and its successor at the target is the next session.
          if (trouble === "SIGSTOP") former.kill("SIGCONT")
          else child = yield* start(scene.targetUrl, port)
          ;[session, position] = yield* reopen
        }
        for (const [signal, times] of Object.entries(troubles)) assert.isAbove(times, 0, signal)
        yield* assertSameDatabases(scene.sourceUrl, scene.targetUrl)
        yield* end(child, "SIGTERM")
        assert.strictEqual(child.exitCode, 0)
      }),
    90_000
  )
})

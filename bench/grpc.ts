import { spawn } from "node:child_process"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { Effect, type Layer, Redacted } from "effect"
import type { EmbeddedPostgres } from "../src/postgres/EmbeddedPostgres.ts"
import type { Targets } from "../src/replay/Target.ts"
import { grpcTargets } from "../src/replayer/GrpcTargets.ts"
import { makeBacklog, makeBenchServer, temporaryFolder } from "./Backlog.ts"
import { lessIsBetter, median, moreIsBetter, worstOf } from "./BenchResult.ts"
import { digest, makeTarget } from "./NativeReplication.ts"
import { archiveBacklog, inProcess, prepareControl, replayLayer, runJob } from "./replay.ts"

interface Replayer {
  readonly port: number
  /** Microseconds of CPU since this was last asked. */
  readonly cpu: Effect.Effect<number>
}

/** A replayer in a process of its own, until the scope ends. */
const startReplayer = Effect.fnUntraced(function* (url: Redacted.Redacted) {
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn(process.execPath, [join(import.meta.dirname, "ReplayerProcess.ts"), Redacted.value(url)], {
        stdio: ["ignore", "pipe", "inherit"]
      })
    ),
    (started) => Effect.sync(() => started.kill("SIGKILL"))
  )
  const lines = createInterface({ input: child.stdout })
  const line = Effect.callback<number>((resume) => {
    lines.once("line", (text) => resume(Effect.succeed(Number(text))))
  })
  const port = yield* line
  const cpu = Effect.callback<number>((resume) => {
    lines.once("line", (text) => resume(Effect.succeed(Number(text))))
    child.kill("SIGUSR2")
  })
  const replayer: Replayer = { port, cpu }
  return replayer
})

interface Measured {
  readonly seconds: number
  /** Microseconds of CPU, of this process. */
  readonly cpu: number
}

const measure = (server: EmbeddedPostgres, folder: string, targets: Layer.Layer<Targets>) =>
  Effect.gen(function* () {
    const before = process.cpuUsage()
    const seconds = yield* runJob
    const { user, system } = process.cpuUsage(before)
    const measured: Measured = { seconds, cpu: user + system }
    return measured
  }).pipe(Effect.provide(replayLayer(server, folder, targets)))

/**
 * `npm run bench -- grpc [CHANGES] [ROUNDS]`: a job replays an archive through a replayer in another process, and
 * another job the same in its own. In turns, into empty targets of one server; the ends are compared. CPU is that of
 * all processes but the server's. Replayers live long: a round that is not counted comes first, so that both are warm.
 */
export const run = ([changes = "200000", rounds = "3"]: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const server = yield* makeBenchServer()
    yield* prepareControl(server)
    const cases = []
    for (const perTransaction of [1, 10, 1000]) {
      const database = `tx${perTransaction}`
      const backlog = yield* makeBacklog(server, database, Number(changes), perTransaction)
      const folder = yield* temporaryFolder
      yield* archiveBacklog(server, database, backlog, folder)
      const expected = yield* digest(server, database)
      const rates = { direct: [] as number[], grpc: [] as number[] }
      const cpus = { direct: [] as number[], grpc: [] as number[] }
      const url = server.url(`grpc_${perTransaction}`)
      yield* makeTarget(server, `grpc_${perTransaction}`)
      const replayer = yield* startReplayer(url)
      const { port } = replayer
      const reached = {
        direct: inProcess(server.url(`direct_${perTransaction}`)),
        grpc: grpcTargets({ host: "127.0.0.1", port, tls: null, token: null, names: ["bench"] })
      }
      for (let round = 0; round <= Number(rounds); round++) {
        for (const way of ["direct", "grpc"] as const) {
          const target = `${way}_${perTransaction}`
          yield* makeTarget(server, target)
          yield* replayer.cpu
          const { seconds, cpu } = yield* measure(server, folder, reached[way])
          const theirs = yield* replayer.cpu
          if ((yield* digest(server, target)) !== expected) return yield* Effect.die(new Error("ends differ"))
          if (round === 0) continue
          rates[way].push(backlog.changes / seconds)
          cpus[way].push((cpu + theirs) / backlog.changes)
        }
      }
      const name = `transactions of ${perTransaction}`
      cases.push(moreIsBetter(`${name}, changes/s`, median(rates.grpc), median(rates.direct)))
      cases.push(lessIsBetter(`${name}, CPU us a change`, median(cpus.grpc), median(cpus.direct)))
    }
    return worstOf("grpc", "changes/s, us", cases)
  }).pipe(Effect.scoped, Effect.runPromise)

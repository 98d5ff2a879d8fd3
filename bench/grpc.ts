import { type ChildProcess, spawn } from "node:child_process"
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
  /** Ends it; microseconds of CPU that it took. */
  readonly stop: Effect.Effect<number>
}

const startReplayer = (url: Redacted.Redacted): Effect.Effect<Replayer> =>
  Effect.callback((resume) => {
    const child: ChildProcess = spawn(
      process.execPath,
      [join(import.meta.dirname, "ReplayerProcess.ts"), Redacted.value(url)],
      { stdio: ["ignore", "pipe", "inherit"] }
    )
    if (child.stdout === null) return resume(Effect.die(new Error("its output is piped")))
    let told: (line: string) => void = (port) =>
      resume(
        Effect.succeed({
          port: Number(port),
          stop: Effect.callback<number>((ended) => {
            told = (cpu) => ended(Effect.succeed(Number(cpu)))
            child.kill("SIGTERM")
          })
        })
      )
    createInterface({ input: child.stdout }).on("line", (line) => told(line))
    return Effect.sync(() => child.kill("SIGKILL"))
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
 * all processes but the server's.
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
      for (let round = 0; round < Number(rounds); round++) {
        for (const way of ["direct", "grpc"] as const) {
          const target = `${way}_${perTransaction}_${round}`
          yield* makeTarget(server, target)
          const url = server.url(target)
          let cpu = 0
          let measured: Measured
          if (way === "direct") measured = yield* measure(server, folder, inProcess(url))
          else {
            const replayer = yield* startReplayer(url)
            measured = yield* measure(
              server,
              folder,
              grpcTargets({
                host: "127.0.0.1",
                port: replayer.port,
                tls: null,
                token: null,
                names: ["bench"]
              })
            )
            cpu = yield* replayer.stop
          }
          rates[way].push(backlog.changes / measured.seconds)
          cpus[way].push((measured.cpu + cpu) / backlog.changes)
          if ((yield* digest(server, target)) !== expected) return yield* Effect.die(new Error("ends differ"))
        }
      }
      const name = `transactions of ${perTransaction}`
      cases.push(moreIsBetter(`${name}, changes/s`, median(rates.grpc), median(rates.direct)))
      cases.push(lessIsBetter(`${name}, CPU us a change`, median(cpus.grpc), median(cpus.direct)))
    }
    return worstOf("grpc", "changes/s, us", cases)
  }).pipe(Effect.scoped, Effect.runPromise)

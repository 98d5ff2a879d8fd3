import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { debianBinaries } from "../servers/Capability.ts"
import { assertSameDatabases } from "../servers/CompareDatabases.ts"
import { describeWith } from "../servers/DescribeWith.ts"
import { pgbench, pgbenchInit } from "../servers/Pgbench.ts"
import { follow, makeScene } from "./Scene.ts"

const bank = (plugin: "pgoutput" | "wal2json") =>
  Effect.gen(function* () {
    const scene = yield* makeScene({
      binaries: debianBinaries,
      env: { CAPTURE_PLUGIN: plugin },
      prepare: (url) => pgbenchInit(url, 1)
    })
    const walstream = yield* scene.start
    const api = yield* walstream.ready
    const { id } = yield* follow(api)
    // Four clients: commits in another order than their times.
    yield* pgbench(scene.sourceUrl, ["--client=4", "--transactions=500"])
    const last = yield* scene.settled(api, id)
    assert.isAtLeast(last, 2000)
    yield* assertSameDatabases(scene.sourceUrl, scene.targetUrl)
    assert.strictEqual(yield* walstream.stop, 0, walstream.log())
  }).pipe(Effect.scoped)

describeWith("postgresql-15", "two databases of Debian's PostgreSQL 15 under pgbench", () => {
  it.live("end equal, captured with pgoutput", () => bank("pgoutput"), { timeout: 120_000 })
})

describeWith("wal2json", "two databases of Debian's PostgreSQL 15 under pgbench, by wal2json", () => {
  it.live("end equal, captured with wal2json", () => bank("wal2json"), { timeout: 120_000 })
})

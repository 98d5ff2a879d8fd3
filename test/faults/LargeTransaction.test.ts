import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { carryLargeTransaction } from "./LargeTransaction.ts"

/** How large it is: `WALSTREAM_LARGE_ROWS=2000000` on demand. */
const rows = Number(process.env["WALSTREAM_LARGE_ROWS"] ?? "200000")
const mebibyte = 1024 * 1024

const carried = (streamed: boolean) =>
  Effect.gen(function* () {
    const run = yield* carryLargeTransaction({ rows, aborted: rows / 4, streamed })
    const shown = run.samples.map((bytes) => Math.round(bytes / mebibyte))
    const report = `idle ${Math.round(run.idle / mebibyte)}, peak ${Math.round(run.peak / mebibyte)} MiB in ${run.seconds.toFixed(1)} s, spilled ${Math.round(run.spilled / mebibyte)} MiB; ${shown.join(" ")}`
    if (rows > 200_000) console.log(`${rows} rows, ${streamed ? "streamed" : "whole"}: ${report}`)
    assert.isBelow(run.peak, 300 * mebibyte, report)
    assert.strictEqual(run.transactions, 2)
    assert.isAbove(run.spilled, mebibyte)
    assert.deepStrictEqual(run.leftovers, [])
  })

describe(`one transaction of ${rows} rows, and one that is rolled back`, () => {
  it.live("sent while it runs: the process stays small, the target ends equal", () => carried(true), {
    timeout: 60_000 + rows
  })

  it.live("sent at its commit: the process stays small, the target ends equal", () => carried(false), {
    timeout: 60_000 + rows
  })
})

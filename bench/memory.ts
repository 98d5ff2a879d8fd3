import { Effect } from "effect"
import { carryLargeTransaction } from "../test/faults/LargeTransaction.ts"
import { lessIsBetter, worstOf } from "./BenchResult.ts"

const mebibyte = 1024 * 1024
/** What one process may take, whatever it carries. */
const goal = 300

/**
 * `npm run bench -- memory [ROWS…]`: the most that the process holds in memory while it captures one transaction of
 * so many rows and replays it into another database; each size with a process and databases of its own. It is sent
 * while it runs, and a quarter of it more is rolled back.
 */
export const run = (sizes: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const cases = []
    for (const rows of sizes.length === 0 ? [10_000, 100_000, 1_000_000] : sizes.map(Number)) {
      const { idle, peak, seconds } = yield* carryLargeTransaction({
        rows,
        aborted: rows / 4,
        streamed: true
      })
      console.error(`${rows} rows in ${seconds.toFixed(1)} s, ${Math.round(idle / mebibyte)} MiB before`)
      cases.push(lessIsBetter(`one transaction of ${rows} rows`, peak / mebibyte, goal))
    }
    return worstOf("memory", "MiB", cases)
  }).pipe(Effect.runPromise)

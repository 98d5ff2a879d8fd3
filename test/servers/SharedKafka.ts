import { afterAll, beforeAll } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { makeTestKafka } from "./TestKafka.ts"

/**
 * A broker for all tests of a suite that do it no harm: the one at `WALSTREAM_TEST_KAFKA` (`host:port`), else one of
 * our own. Gives its address, which is known once the suite runs.
 */
export const sharedKafka = (): (() => string) => {
  let broker = process.env["WALSTREAM_TEST_KAFKA"]
  let scope: Scope.Closeable | undefined
  beforeAll(async () => {
    if (broker !== undefined) return
    scope = await Effect.runPromise(Scope.make())
    broker = (await Effect.runPromise(makeTestKafka().pipe(Scope.provide(scope)))).broker
  })
  afterAll(async () => {
    if (scope !== undefined) await Effect.runPromise(Scope.close(scope, Exit.void))
  })
  return () => {
    if (broker === undefined) throw new Error("the broker starts with the suite")
    return broker
  }
}

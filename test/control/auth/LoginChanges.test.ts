import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { thenAfterCommit } from "../../../src/control/AfterCommit.ts"
import { LoginChanges } from "../../../src/control/auth/LoginChanges.ts"
import { ActorSystem } from "../../../src/runtime/ActorSystem.ts"
import { controlLayer } from "../TestControl.ts"

const services = LoginChanges.layer.pipe(
  Layer.provideMerge(Layer.merge(ActorSystem.layer, controlLayer("login_changes"))),
  Layer.orDie
)

layer(services, { timeout: "60 seconds", excludeTestServices: true })("a change of a login", (it) => {
  it.effect("is told when others can see it, and however its transaction ends", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const changes = yield* LoginChanges
      const heard: Array<string> = []
      changes.onChange((user) => heard.push(user))

      const changing = Effect.gen(function* () {
        yield* sql.withTransaction(changes.tell("ada"))
        assert.notInclude(heard, "ada")
      })
      yield* thenAfterCommit(sql.withTransaction(changing))
      assert.include(heard, "ada")

      const failing = Effect.andThen(changes.tell("bob"), Effect.fail("no line"))
      yield* Effect.flip(thenAfterCommit(sql.withTransaction(failing)))
      assert.include(heard, "bob")

      yield* changes.tell("cy")
      assert.include(heard, "cy")
    })
  )
})

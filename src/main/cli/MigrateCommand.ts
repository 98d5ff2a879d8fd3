import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { controlDatabase, explainSqlError } from "../../control/ControlDatabase.ts"
import { checkRevision, migrate } from "../../control/Migrations.ts"
import { Settings } from "../Settings.ts"
import { failed, misused } from "./CliFailure.ts"
import { answer } from "./Root.ts"

export const migrateCommand = Command.make(
  "migrate",
  {
    check: Flag.Boolean("check").pipe(
      Flag.withDescription("change nothing; exit code 1 when the revision is not this version's"),
      Flag.withDefault(false)
    )
  },
  ({ check }) =>
    Effect.gen(function* () {
      const { databaseUrl } = yield* Settings
      if (Option.isNone(databaseUrl)) {
        return yield* misused(
          "DATABASE_URL is not set (an embedded control database migrates itself at start)"
        )
      }
      const work = Effect.gen(function* () {
        if (check) {
          const revision = yield* checkRevision
          return yield* answer({ revision, current: true }, `revision ${revision}: current`)
        }
        const applied = yield* migrate
        yield* answer(
          { applied },
          applied.length === 0 ? "nothing to do" : applied.map((name) => `applied ${name}`).join("\n")
        )
      })
      yield* work.pipe(
        Effect.provide(
          controlDatabase({ url: databaseUrl.value, applicationName: "walstream migrate", maxConnections: 2 })
        ),
        Effect.catchTags({
          SqlError: (error) => Effect.fail(failed(`the control database: ${explainSqlError(error).detail}`)),
          MigrationFailed: (error) => Effect.fail(failed(error.message)),
          RevisionMismatch: (error) => Effect.fail(failed(error.message))
        })
      )
    })
).pipe(Command.withDescription("Bring the control database (DATABASE_URL) to this version's revision"))

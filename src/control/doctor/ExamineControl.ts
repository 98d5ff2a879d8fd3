import { Effect, type Redacted } from "effect"
import { error, type Finding } from "../../ingest/doctor/Finding.ts"
import { connectPg } from "../../postgres/PgSession.ts"
import { controlDatabase, explainSqlError } from "../ControlDatabase.ts"
import { checkRevision } from "../Migrations.ts"
import { connectionFinding } from "./ConnectionFinding.ts"

const revision = (url: Redacted.Redacted): Effect.Effect<ReadonlyArray<Finding>> =>
  checkRevision.pipe(
    Effect.as([]),
    Effect.provide(controlDatabase({ url, applicationName: "walstream doctor", maxConnections: 1 })),
    Effect.catchTags({
      RevisionMismatch: ({ found, expected, message }) =>
        Effect.succeed([
          error(
            "revision",
            message,
            found < expected ? "npx walstream migrate" : "run the version that migrated it"
          )
        ]),
      MigrationFailed: (failure) => Effect.succeed([error("revision", failure.message, null)]),
      SqlError: (cause) =>
        Effect.succeed([error("failed", `the control database: ${explainSqlError(cause).detail}`, null)])
    })
  )

/** Looks the control database over without changing anything. Never fails. */
export const examineControl = (url: Redacted.Redacted): Effect.Effect<ReadonlyArray<Finding>> =>
  connectPg({ url, applicationName: "walstream doctor" }).pipe(
    Effect.scoped,
    Effect.andThen(revision(url)),
    Effect.catchTag("PostgresError", (cause) =>
      Effect.succeed([connectionFinding("the control database", "DATABASE_URL", cause)])
    )
  )

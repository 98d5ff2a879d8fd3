import { execFile } from "node:child_process"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { Effect, Redacted } from "effect"
import { connectPg } from "../../src/postgres/PgSession.ts"
import { makeTestPostgres, type TestPostgres, temporaryDirectory } from "./TestPostgres.ts"

/** Its physical slot at the primary. */
const slot = "standby"

/**
 * A streaming standby that copies the primary's failover slots (PostgreSQL 17 and later). With `isWaitedFor` the primary
 * gives a failover slot nothing that the standby does not have yet.
 */
export const makeStandby = Effect.fnUntraced(function* (
  primary: TestPostgres,
  options: { readonly isWaitedFor: boolean; readonly settings?: Readonly<Record<string, string>> }
) {
  const directory = join(yield* temporaryDirectory, "standby")
  const atPrimary = (statement: string) =>
    connectPg({ url: primary.url("postgres"), applicationName: "test" }).pipe(
      Effect.flatMap((session) => session.script(statement)),
      Effect.scoped
    )
  yield* atPrimary(`SELECT pg_create_physical_replication_slot('${slot}', true)`)
  yield* primary.stop
  yield* Effect.promise(async () => {
    // With owner and rights: the server runs as another user than root.
    await promisify(execFile)("cp", ["-a", primary.directory, directory])
    // As pg_basebackup does: the primary's slots are none of the standby's own.
    await promisify(execFile)("find", [join(directory, "data", "pg_replslot"), "-mindepth", "1", "-delete"])
    await writeFile(join(directory, "data", "standby.signal"), "")
  })
  yield* primary.start
  const { username, password, port } = new URL(Redacted.value(primary.url("postgres")))
  const standby = yield* makeTestPostgres({
    directory,
    settings: {
      ...options.settings,
      primary_conninfo: `host=127.0.0.1 port=${port} user=${username} password=${password} dbname=postgres`,
      primary_slot_name: slot,
      hot_standby_feedback: "on",
      sync_replication_slots: "on"
    }
  })
  if (options.isWaitedFor) {
    yield* atPrimary(`ALTER SYSTEM SET synchronized_standby_slots = '${slot}'`)
    yield* atPrimary("SELECT pg_reload_conf()")
  }
  return standby
})

import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Option, Schema } from "effect"
import type { JobStoreError } from "../replay/JobStore.ts"
import type { ActorJson } from "./api/ActorJson.ts"
import { ProcessJson } from "./api/ProcessJson.ts"
import { SourceJson } from "./api/SystemApi.ts"
import { jobStoreError } from "./JobQuery.ts"
import type { ProcessIdentity } from "./ThisProcess.ts"

const ToldSource = Schema.Struct({ source: SourceJson, told_at: Schema.String, silent: Schema.Boolean })
export type ToldSource = typeof ToldSource.Type

/** What was told longer ago is not how it is now. */
const believedSeconds = 10
/** A process that is not heard of for so long is forgotten. */
const keptSeconds = 3600

const decodeProcess = Schema.decodeUnknownOption(ProcessJson)
const decodeTold = Schema.decodeUnknownOption(ToldSource)
const timeFormat = `'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'`
const toldColumns = `to_char(told_at, ${timeFormat}) AS told_at,
  told_at < clock_timestamp() - interval '${believedSeconds} seconds' AS silent`

/** The deployment's processes, as each tells of itself through the control database. */
export class Processes extends Context.Service<
  Processes,
  {
    readonly tell: (
      identity: ProcessIdentity,
      actors: ActorJson,
      source: SourceJson | null
    ) => Effect.Effect<void, JobStoreError>
    /** It ends in order: nobody needs to wonder where it is. */
    readonly leave: (id: string) => Effect.Effect<void, JobStoreError>
    /** By role and start. Those of another version are left out if they tell what we do not understand. */
    readonly list: Effect.Effect<ReadonlyArray<ProcessJson>, JobStoreError>
    /** What an ingestor told last of this source, and whether it is silent since. */
    readonly source: (sourceId: string) => Effect.Effect<Option.Option<ToldSource>, JobStoreError>
  }
>()("walstream/control/Processes") {
  static readonly layer: Layer.Layer<Processes, never, PgClient.PgClient> = Layer.effect(
    Processes,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      return Processes.of({
        tell: ({ id, role, host, pid, version, startedAt }, actors, source) =>
          sql`
            WITH forgotten AS (
              DELETE FROM processes
              WHERE told_at < clock_timestamp() - make_interval(secs => ${keptSeconds}::float8) AND id <> ${id}::uuid
            )
            INSERT INTO processes AS p (id, role, host, pid, version, started_at, told_at, actors, source)
            VALUES (${id}::uuid, ${role}, ${host}, ${pid}::int4, ${version}, ${startedAt}::timestamptz,
              clock_timestamp(), ${JSON.stringify(actors)}::jsonb,
              ${source === null ? null : JSON.stringify(source)}::jsonb)
            ON CONFLICT (id) DO UPDATE SET
              told_at = excluded.told_at, actors = excluded.actors, source = excluded.source`.pipe(
            Effect.mapError(jobStoreError),
            Effect.asVoid
          ),
        leave: (id) =>
          sql`DELETE FROM processes WHERE id = ${id}::uuid`.pipe(
            Effect.mapError(jobStoreError),
            Effect.asVoid
          ),
        list: sql`
          SELECT id::text, role, host, pid, version, actors,
            to_char(started_at, ${sql.literal(timeFormat)}) AS started_at,
            ${sql.literal(toldColumns)}
          FROM processes ORDER BY role, processes.started_at, id`.withoutTransform.pipe(
          Effect.mapError(jobStoreError),
          Effect.map((rows) => rows.flatMap((row) => Option.toArray(decodeProcess(row))))
        ),
        source: (sourceId) =>
          sql`
            SELECT source, ${sql.literal(toldColumns)} FROM processes
            WHERE source->>'source' = ${sourceId} ORDER BY processes.told_at DESC LIMIT 1`.withoutTransform.pipe(
            Effect.mapError(jobStoreError),
            Effect.map(([row]) => decodeTold(row))
          )
      })
    })
  )
}

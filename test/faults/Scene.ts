import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Redacted, Schedule, Schema } from "effect"
import { type Lsn, parseLsn } from "../../src/domain/Lsn.ts"
import { demoSchema } from "../../src/main/demo/DemoSchema.ts"
import { seedDemo } from "../../src/main/demo/DemoSeed.ts"
import { connectPg } from "../../src/postgres/PgSession.ts"
import { makeTestPostgres } from "../servers/TestPostgres.ts"
import type { ApiClient } from "./ApiClient.ts"
import { startWalStream } from "./WalStreamProcess.ts"

class JobFailed extends Schema.TaggedError<JobFailed>()("JobFailed", { detail: Schema.String }) {
  override get message(): string {
    return this.detail
  }
}

/** Waits, up to `seconds`, for a condition; errors on the way count as "not yet". */
export const until = <E, R>(what: string, condition: Effect.Effect<boolean, E, R>, seconds = 60) =>
  condition.pipe(
    Effect.orElseSucceed(() => false),
    Effect.repeat({ until: (met) => met, schedule: Schedule.spaced("100 millis") }),
    Effect.timeoutOrElse({
      duration: `${seconds} seconds`,
      orElse: () => Effect.fail(new JobFailed({ detail: `${what}: not within ${seconds} s` }))
    })
  )

export interface SceneOptions {
  /** PostgreSQL 18 from npm if not given. */
  readonly binaries?: string
  readonly env?: Readonly<Record<string, string>>
  /** Of the source's server. */
  readonly settings?: Readonly<Record<string, string>>
  /** Makes the tables, in source and target alike; the empty shop if not given. */
  readonly prepare?: (url: Redacted.Redacted) => Effect.Effect<unknown, unknown>
}

const emptyShop = (url: Redacted.Redacted) =>
  Effect.scoped(
    Effect.flatMap(connectPg({ url, applicationName: "test" }), (session) =>
      session.script(demoSchema.join(";\n"))
    )
  )

/**
 * The shop on a server of its own, an empty shop as target on another, and WalStream between them as a process that
 * may be killed. The seed is captured and replayed like everything after it.
 */
export const makeScene = Effect.fnUntraced(function* (options: SceneOptions = {}) {
  const dataDir = yield* Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "walstream-scene-"))),
    (directory) => Effect.promise(() => rm(directory, { recursive: true, force: true }))
  )
  const server = options.binaries === undefined ? {} : { binaries: options.binaries }
  const source = yield* makeTestPostgres({ ...server, settings: options.settings ?? {} })
  const target = yield* makeTestPostgres(server)
  const controlUrl = yield* source.createDatabase("control")
  const sourceUrl = yield* source.createDatabase("shop")
  const targetUrl = yield* target.createDatabase("shop")
  for (const url of [sourceUrl, targetUrl]) yield* (options.prepare ?? emptyShop)(url)
  const start = startWalStream({
    dataDir,
    env: {
      SOURCE_URL: Redacted.value(sourceUrl),
      TARGET_URL: Redacted.value(targetUrl),
      DATABASE_URL: Redacted.value(controlUrl),
      ...options.env
    }
  })
  const seed = Effect.scoped(Effect.flatMap(connectPg({ url: sourceUrl, applicationName: "test" }), seedDemo))
  const sourceEnd: Effect.Effect<Lsn, unknown> = Effect.scoped(
    Effect.gen(function* () {
      const session = yield* connectPg({ url: sourceUrl, applicationName: "test" })
      const [row] = yield* session.query("SELECT pg_current_wal_insert_lsn() AS lsn")
      return parseLsn(row?.["lsn"] ?? "") ?? 0n
    })
  )

  /**
   * Waits until the log has everything that the source has done, and the job has applied all of the log. A job that
   * fails is a fault. Only where workers were killed at random moments of their work may three in a row have been lost
   * before they could apply anything: a job must not be taken over for ever, so that is meant, and a person resumes it.
   */
  const settled = (
    api: ApiClient,
    jobId: string,
    {
      killedAtWork = false,
      seconds = 90
    }: { readonly killedAtWork?: boolean; readonly seconds?: number } = {}
  ) =>
    Effect.gen(function* () {
      const end = yield* sourceEnd
      yield* until(
        "capture reaches the source's end",
        Effect.map(api.source, ({ frontier }) => (parseLsn(frontier) ?? 0n) >= end),
        seconds
      )
      const { archive } = yield* api.coverage
      const last = archive.coverage.next_seq - 1
      yield* until(
        `job reaches transaction ${last}`,
        Effect.gen(function* () {
          const job = yield* api.job(jobId)
          if (job.status !== "failed") return (job.checkpoint?.seq ?? 0) >= last
          if (!killedAtWork || job.error?.code !== "takeovers") {
            const detail = `the job failed: ${job.error?.code} ${job.error?.message}`
            return yield* Effect.die(new JobFailed({ detail }))
          }
          yield* api.act(jobId, "resume")
          return false
        }),
        seconds
      )
      return last
    })
  return { dataDir, source, target, sourceUrl, targetUrl, controlUrl, start, seed, settled } as const
})

/**
 * A job that follows the log from its beginning, or from where it is told, as fast as the target takes it. History begins with the slot, and the
 * API answers before that is made: what is done at the source from here on is in it.
 */
export const follow = (api: ApiClient, from: Readonly<Record<string, unknown>> = { start_time: null }) =>
  until(
    "capture has begun",
    Effect.map(api.source, ({ phase }) => phase === "capturing")
  ).pipe(
    Effect.andThen(api.createJob({ name: "follow", ...from, speed_factor: "max", follow: true })),
    Effect.flatMap((job) => api.act(job.id, "start"))
  )

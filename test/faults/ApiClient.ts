import { readFile, rm } from "node:fs/promises"
import { join } from "node:path"
import { Effect, Schema } from "effect"

export class ApiError extends Schema.TaggedError<ApiError>()("ApiError", {
  request: Schema.String,
  status: Schema.NullOr(Schema.Int),
  detail: Schema.String
}) {
  override get message(): string {
    return `${this.request}: ${this.status ?? "no answer"} ${this.detail}`
  }
}

/** What the dev shape leaves for tools beside its data. */
const Contact = Schema.Struct({
  url: Schema.String,
  username: Schema.String,
  password: Schema.String
})
const decodeContact = Schema.decodeEffect(Schema.fromJsonString(Contact))

const Token = Schema.Struct({ access_token: Schema.String })

export const JobView = Schema.Struct({
  id: Schema.String,
  status: Schema.String,
  start_seq: Schema.NullOr(Schema.Int),
  end_seq: Schema.NullOr(Schema.Int),
  replay_source: Schema.NullOr(Schema.String),
  replay_source_reason: Schema.NullOr(Schema.String),
  worker_id: Schema.NullOr(Schema.String),
  lease_epoch: Schema.Int,
  events_processed: Schema.Int,
  events_duplicate: Schema.Int,
  events_converged: Schema.Int,
  events_skipped: Schema.Int,
  checkpoint: Schema.NullOr(Schema.Struct({ seq: Schema.Int, ordinal: Schema.Int })),
  error: Schema.NullOr(
    Schema.Struct({ code: Schema.String, message: Schema.String, position: Schema.NullOr(Schema.String) })
  ),
  warnings: Schema.Array(Schema.Struct({ code: Schema.String, message: Schema.String })),
  live: Schema.NullOr(
    Schema.Struct({
      effective_speed: Schema.NullOr(Schema.Finite),
      pacing_error_ms: Schema.NullOr(Schema.Struct({ p50: Schema.Finite, p99: Schema.Finite }))
    })
  )
})
export type JobView = typeof JobView.Type

const Store = Schema.Struct({
  coverage: Schema.Struct({
    first_seq: Schema.Int,
    next_seq: Schema.Int,
    to_time: Schema.NullOr(Schema.String)
  })
})

const Coverage = Schema.Struct({
  archive: Store,
  live_buffer: Store,
  incarnations: Schema.Array(Schema.Struct({ number: Schema.Int, start_lsn: Schema.String }))
})

const Source = Schema.Struct({
  phase: Schema.String,
  message: Schema.NullOr(Schema.String),
  fix: Schema.NullOr(Schema.String),
  code: Schema.NullOr(Schema.String),
  seq: Schema.Int,
  frontier: Schema.String,
  retained_bytes: Schema.NullOr(Schema.Int),
  spill: Schema.NullOr(
    Schema.Struct({
      since: Schema.NullOr(Schema.String),
      drains: Schema.Boolean,
      transactions: Schema.Int,
      bytes: Schema.Int
    })
  ),
  gap: Schema.NullOr(Schema.Struct({ id: Schema.String }))
})

const Events = Schema.Struct({
  items: Schema.Array(Schema.Struct({ position: Schema.String, seq: Schema.Int, ordinal: Schema.Int }))
})

/** The API from outside, by section 6 of its contract: plain requests, answers checked. */
export class ApiClient {
  readonly #url: string
  readonly #token: string

  constructor(url: string, token: string) {
    this.#url = url
    this.#token = token
  }

  /** Waits for nobody: fails while the process has not written its contact, or does not answer. */
  static login(dataDir: string): Effect.Effect<ApiClient, ApiError> {
    return Effect.gen(function* () {
      const file = join(dataDir, "walstream.json")
      const text = yield* Effect.tryPromise({
        try: () => readFile(file, "utf8"),
        catch: () => new ApiError({ request: file, status: null, detail: "not there yet" })
      })
      const contact = yield* Effect.mapError(
        decodeContact(text),
        (error) => new ApiError({ request: file, status: null, detail: error.message })
      )
      return yield* ApiClient.connect(contact)
    })
  }

  static connect({ url, username, password }: typeof Contact.Type): Effect.Effect<ApiClient, ApiError> {
    const form = new URLSearchParams({ username, password })
    return Effect.map(
      new ApiClient(url, "").#call("POST", "auth/token", Token, form),
      ({ access_token }) => new ApiClient(url, access_token)
    )
  }

  /** A killed process leaves its contact behind: forget it before the next start. */
  static forget(dataDir: string): Effect.Effect<void> {
    // Where DATA_DIR is no folder there is none.
    return Effect.ignore(Effect.tryPromise(() => rm(join(dataDir, "walstream.json"), { force: true })))
  }

  #call<A>(
    method: string,
    path: string,
    answer: Schema.Codec<A, unknown>,
    body?: URLSearchParams | object
  ): Effect.Effect<A, ApiError> {
    const request = `${method} ${path}`
    const failed = (status: number | null, detail: string) => new ApiError({ request, status, detail })
    const isForm = body instanceof URLSearchParams
    return Effect.tryPromise({
      try: async (signal) => {
        const response = await fetch(`${this.#url}/api/v1/${path}`, {
          method,
          signal,
          headers: {
            authorization: `Bearer ${this.#token}`,
            ...(body === undefined || isForm ? {} : { "content-type": "application/json" })
          },
          ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) })
        })
        return { status: response.status, ok: response.ok, text: await response.text() }
      },
      catch: (cause) => failed(null, String(cause))
    }).pipe(
      Effect.timeoutOrElse({
        duration: "5 seconds",
        orElse: () => Effect.fail(failed(null, "no answer within 5 s"))
      }),
      Effect.flatMap(({ status, ok, text }) =>
        ok
          ? Effect.mapError(Schema.decodeEffect(Schema.fromJsonString(answer))(text), (error) =>
              failed(status, error.message)
            )
          : Effect.fail(failed(status, text))
      )
    )
  }

  /** Whether it serves; capture may be in trouble all the same. */
  get live(): Effect.Effect<unknown, ApiError> {
    return this.#call("GET", "health/live", Schema.Unknown)
  }
  /** Fails with 503 and why while something that it needs does not work: capture above all. */
  get ready(): Effect.Effect<unknown, ApiError> {
    return this.#call("GET", "health/ready", Schema.Unknown)
  }
  get source(): Effect.Effect<typeof Source.Type, ApiError> {
    return this.#call("GET", "system/source", Source)
  }
  acceptGap(gap: string, reason: string): Effect.Effect<unknown, ApiError> {
    return this.#call("POST", "system/source/accept-gap", Schema.Unknown, { gap, reason })
  }
  get coverage(): Effect.Effect<typeof Coverage.Type, ApiError> {
    return this.#call("GET", "system/coverage", Coverage)
  }
  recentEvents(limit: number): Effect.Effect<typeof Events.Type, ApiError> {
    return this.#call("GET", `events/recent?limit=${limit}`, Events)
  }
  createJob(spec: Readonly<Record<string, unknown>>): Effect.Effect<JobView, ApiError> {
    return this.#call("POST", "jobs", JobView, spec)
  }
  job(id: string): Effect.Effect<JobView, ApiError> {
    return this.#call("GET", `jobs/${id}`, JobView)
  }
  skip(id: string, position: string, reason: string): Effect.Effect<JobView, ApiError> {
    return this.#call("POST", `jobs/${id}/skip`, JobView, { position, reason })
  }
  act(id: string, action: "start" | "pause" | "resume" | "cancel"): Effect.Effect<JobView, ApiError> {
    return this.#call("POST", `jobs/${id}/${action}`, JobView)
  }
}

import { Data, Schema } from "effect"

/** RFC 9457 as the API writes it, with the members that some problems have beside. */
const Body = Schema.Struct({
  type: Schema.String,
  title: Schema.String,
  detail: Schema.optionalKey(Schema.String),
  request_id: Schema.optionalKey(Schema.String),
  errors: Schema.optionalKey(Schema.Array(Schema.Struct({ path: Schema.String, message: Schema.String }))),
  retry_after: Schema.optionalKey(Schema.Finite),
  required: Schema.optionalKey(Schema.String),
  allowed: Schema.optionalKey(Schema.Array(Schema.String))
})
const decode = Schema.decodeUnknownOption(Body)

/**
 * Why a request was not answered as asked: what the API refused (`status` from 400 on), or that it was not reached
 * (`status` 0). Everything that a page shows of an error is here.
 */
export class ApiProblem extends Data.TaggedError("ApiProblem")<{
  readonly status: number
  /** The last part of the problem's type, such as `invalid-transition`; `unreachable` and `unreadable` are ours. */
  readonly slug: string
  readonly title: string
  readonly detail: string | null
  readonly requestId: string | null
  readonly errors: ReadonlyArray<{ readonly path: string; readonly message: string }>
  /** Seconds. */
  readonly retryAfter: number | null
  /** The role that it takes, where ours was not enough. */
  readonly required: string | null
}> {
  override get message(): string {
    return this.detail === null ? this.title : `${this.title}: ${this.detail}`
  }
}

const bare = { detail: null, requestId: null, errors: [], retryAfter: null, required: null }

export const unreachable = new ApiProblem({
  ...bare,
  status: 0,
  slug: "unreachable",
  title: "WalStream does not answer"
})

export const unreadable = (detail: string): ApiProblem =>
  new ApiProblem({
    ...bare,
    status: 0,
    slug: "unreadable",
    title: "The answer is not what this page expects",
    detail
  })

/** Of an answer with a status from 400 on; a body that is no problem is told by its status. */
export const problemOf = (status: number, json: unknown): ApiProblem => {
  const read = decode(json)
  if (read._tag === "None") {
    return new ApiProblem({ ...bare, status, slug: "http", title: `The server answered ${status}` })
  }
  const body = read.value
  return new ApiProblem({
    status,
    slug: body.type.slice(body.type.lastIndexOf("/") + 1),
    title: body.title,
    detail: body.detail ?? null,
    requestId: body.request_id ?? null,
    errors: body.errors ?? [],
    retryAfter: body.retry_after ?? null,
    required: body.required ?? null
  })
}

/** A page's script, which each browser says in its own words. */
const notLoaded = /dynamically imported module|importing a module script failed|error loading dynamically/iu

/** Whatever a promise was rejected with. */
export const asProblem = (error: unknown): ApiProblem => {
  if (error instanceof ApiProblem) return error
  const text = error instanceof Error ? error.message : String(error)
  if (!notLoaded.test(text)) return unreadable(text)
  return new ApiProblem({
    ...bare,
    status: 0,
    slug: "not-loaded",
    title: "This page could not be loaded",
    detail: "WalStream does not answer, or is of another version by now: then a reload of the page mends it."
  })
}

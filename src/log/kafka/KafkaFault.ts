import { Effect } from "effect"
import { LogError, type LogErrorReason } from "../LogError.ts"

export const kafkaError = (reason: LogErrorReason): LogError =>
  new LogError({ store: "kafka archive", reason })

/** What the client says of an error and of all errors within it. */
interface Said {
  /** Kafka's own names, e.g. `NOT_LEADER_OR_FOLLOWER`. */
  readonly apiIds: ReadonlySet<string>
  readonly codes: ReadonlySet<string>
  /** Of the innermost ones. The client's messages name no values. */
  readonly messages: ReadonlySet<string>
}

const property = (thrown: object, name: string): unknown => Reflect.get(thrown, name)

/** The cause may lie several levels deep in `errors` and `cause`. */
const said = (thrown: unknown): Said => {
  const [apiIds, codes, messages] = [new Set<string>(), new Set<string>(), new Set<string>()]
  const seen = new Set<unknown>()
  const visit = (error: unknown): void => {
    if (typeof error !== "object" || error === null || seen.has(error)) return
    seen.add(error)
    const [apiId, code, errors, cause] = ["apiId", "code", "errors", "cause"].map((name) =>
      property(error, name)
    )
    if (typeof apiId === "string") apiIds.add(apiId)
    if (typeof code === "string") codes.add(code)
    const inner = [...(Array.isArray(errors) ? errors : []), ...(cause === undefined ? [] : [cause])]
    if (inner.length === 0 && error instanceof Error) {
      messages.add(typeof apiId === "string" ? apiId : error.message)
    }
    for (const each of inner) visit(each)
  }
  visit(thrown)
  return { apiIds, codes, messages }
}

/** Whether Kafka said so, at whatever depth. */
export const hasApiId = (thrown: unknown, ...ids: ReadonlyArray<string>): boolean => {
  const { apiIds } = said(thrown)
  return ids.some((id) => apiIds.has(id))
}

export const isUnknownTopic = (thrown: unknown): boolean => {
  const { apiIds, messages } = said(thrown)
  return (
    apiIds.has("UNKNOWN_TOPIC_OR_PARTITION") ||
    apiIds.has("UNKNOWN_TOPIC_ID") ||
    [...messages].some((message) => message.startsWith("Unknown topic "))
  )
}

const unsuited = (detail: string, fix: string): LogErrorReason => ({ _tag: "Unsuited", detail, fix })

/** A broker that dies does so, and one that expects something else of us: it does not say what. */
const hangsUp = /^(Connection closed|Client network socket disconnected before secure TLS)/u

/** What went wrong in words an operator understands. */
const reasonOf = (thrown: unknown, topic: string): LogErrorReason => {
  if (thrown instanceof LogError) return thrown.reason
  const { apiIds, codes, messages } = said(thrown)
  const any = (pattern: RegExp) => [...apiIds, ...codes].find((name) => pattern.test(name))
  if (messages.has("Broker requires TLS.")) {
    return unsuited("the broker speaks TLS on this port, and we do not", "set KAFKA_TLS to on")
  }
  // The client calls it so, too, when the connection is lost while it logs in.
  const isLost =
    any(/^E[A-Z]+$|^PLT_KFK_TIMEOUT$/u) !== undefined || [...messages].some((text) => hangsUp.test(text))
  if (
    (codes.has("PLT_KFK_AUTHENTICATION") && !isLost) ||
    any(/^(SASL_|UNSUPPORTED_SASL|ILLEGAL_SASL)/u) !== undefined
  ) {
    return unsuited(
      "the broker refuses the credentials",
      "check KAFKA_USERNAME, KAFKA_PASSWORD and KAFKA_SASL_MECHANISM"
    )
  }
  const unauthorized = any(/_AUTHORIZATION_FAILED$/u)
  if (unauthorized !== undefined) {
    return unsuited(
      `the broker does not allow it: ${unauthorized}`,
      `allow this user Describe, DescribeConfigs and Read on ${topic} and ${topic}.meta; that of the ingestor Write and Create, too`
    )
  }
  const untrusted = any(/CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO_VERIFY/u)
  if (untrusted !== undefined) {
    return unsuited(
      `no trusted TLS connection: ${untrusted}`,
      "check KAFKA_TLS, and that KAFKA_TLS_CA vouches for the broker's certificate"
    )
  }
  if (isUnknownTopic(thrown)) {
    return { _tag: "Corrupt", detail: `topic ${topic} or ${topic}.meta is not there (any more)` }
  }
  if (any(/^(MESSAGE_TOO_LARGE|RECORD_LIST_TOO_LARGE)$/u) !== undefined) {
    return unsuited("a batch is too large for the topic", "do not lower max.message.bytes while capture runs")
  }
  if (any(/^INVALID_TIMESTAMP$/u) !== undefined) {
    return unsuited(
      "the broker refuses the source's commit times",
      `set message.timestamp.after.max.ms and message.timestamp.before.max.ms of ${topic} to 9223372036854775807`
    )
  }
  if (apiIds.has("INVALID_REPLICATION_FACTOR")) {
    return { _tag: "Unavailable", detail: "fewer brokers are there than KAFKA_REPLICATION_FACTOR asks for" }
  }
  const detail = [...messages].slice(0, 3).join("; ") || "no answer"
  const hint = hangsUp.test(detail) ? ": does it speak TLS on this port, and want a certificate of ours?" : ""
  return { _tag: "Unavailable", detail: `${detail}${hint}` }
}

/** What the client threw. */
export const kafkaFault = (thrown: unknown, topic: string): LogError => kafkaError(reasonOf(thrown, topic))

/** A call of the client. */
export const attempt = <A>(topic: string, call: () => Promise<A>): Effect.Effect<A, LogError> =>
  Effect.tryPromise({ try: call, catch: (thrown) => kafkaFault(thrown, topic) })

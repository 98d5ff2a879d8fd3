import type { LogErrorReason } from "../LogError.ts"

/** What a fault is about, for its words. */
export interface RedisPlace {
  readonly key: string
  /** Milliseconds within which an answer must come. */
  readonly deadline: number
}

const refused = (detail: string, fix: string): LogErrorReason => ({ _tag: "Refused", detail, fix })
const unavailable = (detail: string): LogErrorReason => ({ _tag: "Unavailable", detail })

/** A server's errors begin with a word in capitals. None of the commands here is answered with what it was given. */
const replied = (message: string, { key }: RedisPlace): LogErrorReason => {
  const said = message.replace(/ script: .*|, with args .*/su, "").slice(0, 160)
  switch (/^[A-Z]+/u.exec(message)?.[0]) {
    case "NOAUTH":
    case "WRONGPASS":
      return refused(
        "wrong user or password",
        "set user and password in REDIS_URL: redis://user:password@host"
      )
    case "NOPERM":
      return refused(
        `its user lacks rights: ${said}`,
        `ACL SETUSER the user with ~${key} ~${stateKeyOf(key)} +@stream +@hash +@scripting +unlink +info`
      )
    case "WRONGTYPE":
      return refused(
        `the key ${key} or ${stateKeyOf(key)} holds something else than the live buffer`,
        "set REDIS_STREAM_KEY to another key, or delete what is there"
      )
    case "READONLY":
      return refused("it is a read-only replica", "let REDIS_URL name the primary")
    case "MOVED":
    case "ASK":
    case "CROSSSLOT":
    case "CLUSTERDOWN":
      return refused(
        "it is a node of a Redis Cluster",
        "let REDIS_URL name a server that is not part of a cluster"
      )
    case "OOM":
      return {
        _tag: "Full",
        detail: "Redis is at its maxmemory",
        fix: "give Redis more maxmemory, or lower REDIS_STREAM_MAXLEN"
      }
    case "LOADING":
    case "BUSY":
    case "MISCONF":
    case "NOREPLICAS":
      return unavailable(said)
    case "ERR":
      if (/unknown (sub)?command|syntax error/iu.test(said)) {
        return refused(
          `it does not know a command: ${said}`,
          "use Redis 6.2 or newer, with EVALSHA and XTRIM enabled"
        )
      }
      if (/DB index/iu.test(said)) {
        return refused(
          `it has no such database: ${said}`,
          "set the number at the end of REDIS_URL to one that exists"
        )
      }
  }
  return unavailable(said)
}

/** The books beside the stream; by the braces in one slot with it. */
export const stateKeyOf = (key: string): string => (/\{.+\}/u.test(key) ? `${key}:state` : `{${key}}:state`)

/** Whether the connection is as good as before: the server answered, if only with a refusal. */
export const isReply = (error: unknown): error is Error =>
  error instanceof Error && error.name === "ReplyError"

export const isUnknownScript = (error: unknown): boolean =>
  isReply(error) && error.message.startsWith("NOSCRIPT")

/** The reason in our words. Never the driver's error itself: that keeps the command, and with it cells. */
export const faultOf = (error: unknown, place: RedisPlace): LogErrorReason => {
  if (isReply(error)) return replied(error.message, place)
  const message = error instanceof Error ? error.message : "the connection failed"
  if (message.includes("RESP type")) {
    return refused("what answers is not a Redis", "let REDIS_URL name a Redis server and its port")
  }
  if (message === "Command timed out") return unavailable(`no answer within ${place.deadline} ms`)
  return unavailable(message.slice(0, 160))
}

import { Schema } from "effect"
import type { HttpServerError } from "effect/http"

const place = {
  host: Schema.String,
  port: Schema.Int,
  /** The variables that say where to listen. */
  hostSetting: Schema.String,
  portSetting: Schema.String
}

/** Nobody can reach us: the port is taken, or the address is not ours. */
export class ListenFailed extends Schema.TaggedError<ListenFailed>()("ListenFailed", {
  ...place,
  code: Schema.String
}) {
  override get message(): string {
    const { host, port, hostSetting, portSetting } = this
    switch (this.code) {
      case "EADDRINUSE":
        return `port ${port} is in use: stop the program that has it, or set ${portSetting} to a free one`
      case "EACCES":
        return `no permission to listen on ${host}:${port}: set ${portSetting} to one above 1023`
      case "EADDRNOTAVAIL":
        return `${host} is no address of this machine: set ${hostSetting} to one that is, such as 127.0.0.1`
      default:
        return `cannot listen on ${host}:${port}: ${this.code}`
    }
  }
}

export const listenFailed = (
  { host, port, hostSetting, portSetting }: Omit<ConstructorParameters<typeof ListenFailed>[0], "code">,
  { cause }: HttpServerError.ServeError
): ListenFailed =>
  new ListenFailed({
    host,
    port,
    hostSetting,
    portSetting,
    code: cause instanceof Error && "code" in cause ? String(cause.code) : String(cause)
  })

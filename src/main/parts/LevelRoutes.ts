import { Effect, Layer, Option, Schema } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { LogLevels, logLevelNames } from "../LogLevels.ts"

const Wanted = Schema.Record(
  Schema.String.check(Schema.isPattern(/^[a-z-]{1,40}$/u)),
  Schema.Literals(logLevelNames)
)

/** Whoever may run something on this machine, or in this container. */
const isHere = ({ remoteAddress }: HttpServerRequest.HttpServerRequest): boolean =>
  /^(?:::ffff:)?127\.|^::1$/u.test(Option.getOrElse(remoteAddress, () => ""))

const show = HttpRouter.add(
  "GET",
  "/log-levels",
  Effect.flatMap(LogLevels, (levels) => HttpServerResponse.json(levels.all))
)

/** Until the process ends. Others than those named stay as they are. */
const change = HttpRouter.add(
  "PUT",
  "/log-levels",
  Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    if (!isHere(request)) return HttpServerResponse.text("only from this machine\n", { status: 403 })
    const wanted = yield* Effect.option(HttpServerRequest.schemaBodyJson(Wanted))
    if (Option.isNone(wanted)) {
      const words = `an object of subsystems, each ${logLevelNames.join(" or ")}, is wanted\n`
      return HttpServerResponse.text(words, { status: 400 })
    }
    const levels = yield* LogLevels
    for (const [subsystem, level] of Object.entries(wanted.value)) levels.set(subsystem, level)
    yield* Effect.logInfo("the log's levels were changed", wanted.value)
    return yield* HttpServerResponse.json(levels.all)
  })
)

/** What is logged, to look at and, from this machine, to change. */
export const levelRoutes = Layer.mergeAll(show, change)

import {
  logVerbosity,
  Server,
  type ServerCredentials,
  type sendUnaryData,
  setLogVerbosity
} from "@grpc/grpc-js"
import { Context, Deferred, Effect, FiberSet, Layer, type Redacted, Schema, type Stream } from "effect"
import { Targets } from "../replay/Target.ts"
import type { ActorContext } from "../runtime/Actor.ts"
import { ActorSystem } from "../runtime/ActorSystem.ts"
import { Tracing } from "../runtime/trace/Tracing.ts"
import { bearerInterceptor } from "./Authorization.ts"
import { type CallError, isStopping } from "./CallError.ts"
import { tracingServer } from "./CallTraces.ts"
import {
  type ForgetJobsResponse,
  type HealthResponse,
  type ListExpiredJobsResponse,
  type ReplayEventResponse,
  ServingStatus
} from "./generated/walstream/v1/replayer.ts"
import { HealthService } from "./HealthService.ts"
import { Incoming, type ReplayCall } from "./Incoming.ts"
import { type ForgetJobsCall, forgetJobs, type ListExpiredJobsCall, listExpiredJobs } from "./LedgerCalls.ts"
import { reflection } from "./ReflectionService.ts"
import { type EventCall, replayEvent } from "./ReplayEventCall.ts"
import { ReplayEvents } from "./ReplayEvents.ts"
import {
  channelOptions,
  defaultKeepalive,
  type Keepalive,
  renewing,
  type Secured,
  type ServerTls,
  serverCredentials
} from "./ReplayerSecurity.ts"
import { replaySession } from "./ReplaySession.ts"
import { healthDefinition, reflectionDefinition, replayerDefinition, serviceNames } from "./Services.ts"
import { protocolLevel } from "./SessionWire.ts"
import { answerCall } from "./UnaryCall.ts"

export interface ReplayerServerOptions {
  readonly host: string
  /** 0 for any free one. */
  readonly port: number
  /** Null for plain text. */
  readonly tls: ServerTls | null
  /** Certificates that take the place of those in `tls`, as they come. None if not given. */
  readonly tlsRenewals?: Stream.Stream<ServerTls>
  /** What callers must show; null for none. */
  readonly token: Redacted.Redacted | null
  /** The program's version, as Health tells it. */
  readonly version: string
  /** Bytes of one request. Default 64 MB. */
  readonly maxMessageBytes?: number
  /** Bytes of batches that a client may send ahead of their answers. Default 16 MB. */
  readonly creditBytes?: number
  /** How long a stop waits for what is under way. Default 10 seconds. */
  readonly drainMillis?: number
  readonly keepalive?: Keepalive
}

const defaultMaxMessageBytes = 64 * 1024 * 1024
const defaultCreditBytes = 16 * 1024 * 1024
const defaultDrainMillis = 10_000

/** The replayer cannot be reached at its address, or not in the way its settings say. */
export class ReplayerStartError extends Schema.TaggedError<ReplayerStartError>()("ReplayerStartError", {
  host: Schema.String,
  port: Schema.Int,
  detail: Schema.String
}) {
  override get message(): string {
    return `the replayer cannot listen on ${this.host}:${this.port}: ${this.detail}`
  }
}

const explain = (message: string): string => {
  if (message.includes("EADDRINUSE"))
    return "another program listens there already: stop it, or set REPLAYER_PORT to a free one"
  if (message.includes("EACCES"))
    return "this user may not listen on that port: set REPLAYER_PORT to one above 1023"
  if (message.includes("EADDRNOTAVAIL"))
    return "this machine has no such address: set REPLAYER_HOST to one that it has"
  if (/PEM|SSL|key values mismatch/u.test(message))
    return `its certificate or key cannot be used (${message})`
  return message
}

type Certified = Secured<ServerCredentials, ServerTls>

const failedAt =
  ({ host, port }: Pick<ReplayerServerOptions, "host" | "port">) =>
  (message: string) =>
    new ReplayerStartError({ host, port, detail: explain(message) })

const certify = (options: ReplayerServerOptions): Effect.Effect<Certified, ReplayerStartError> =>
  Effect.try({
    try: () => serverCredentials(options.tls),
    catch: (error) => failedAt(options)(`SSL: ${String(error)}`)
  })

const listen = (
  server: Server,
  options: ReplayerServerOptions,
  { credentials }: Certified
): Effect.Effect<number, ReplayerStartError> => {
  const { host, port } = options
  const address = `${host.includes(":") ? `[${host}]` : host}:${port}`
  return Effect.callback<number, ReplayerStartError>((resume) => {
    server.bindAsync(address, credentials, (error, bound) =>
      resume(error === null ? Effect.succeed(bound) : Effect.fail(failedAt(options)(error.message)))
    )
  })
}

/** Ends the connections once their calls have ended, or at the deadline. */
const shutDown = (server: Server, millis: number): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    server.tryShutdown(() => resume(Effect.void))
  }).pipe(
    Effect.interruptible,
    Effect.timeoutOrElse({ duration: millis, orElse: () => Effect.sync(() => server.forceShutdown()) })
  )

/** The gRPC server of a replayer process. */
export class ReplayerServer extends Context.Service<
  ReplayerServer,
  {
    readonly host: string
    readonly port: number
    /** Jobs that are being replayed through it now. */
    readonly sessions: Effect.Effect<number>
  }
>()("walstream/replayer/ReplayerServer") {
  /**
   * Serves the targets that it is given. A stop says so to who probes, takes nothing new, finishes the batches under
   * way, and then closes the connections.
   */
  static readonly layer = (
    options: ReplayerServerOptions
  ): Layer.Layer<ReplayerServer, ReplayerStartError, ActorSystem | Targets | ReplayEvents> =>
    Layer.effect(
      ReplayerServer,
      Effect.gen(function* () {
        const {
          maxMessageBytes = defaultMaxMessageBytes,
          creditBytes = defaultCreditBytes,
          drainMillis = defaultDrainMillis,
          keepalive = defaultKeepalive
        } = options
        const { root } = yield* ActorSystem
        const targets = yield* Targets
        const events = yield* ReplayEvents
        const tracer = yield* Tracing
        // Its own log goes to stderr, in another form than ours.
        setLogVerbosity(logVerbosity.NONE)
        const server = new Server({
          ...channelOptions(keepalive, maxMessageBytes),
          interceptors: [
            ...(tracer === null ? [] : [tracingServer(tracer)]),
            ...(options.token === null ? [] : [bearerInterceptor(options.token)])
          ]
        })
        const draining = yield* Deferred.make<void>()
        const isDraining = () => Deferred.isDoneUnsafe(draining)
        const unlessDraining = <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E | CallError, R> =>
          Effect.suspend(
            (): Effect.Effect<A, E | CallError, R> => (isDraining() ? Effect.fail(isStopping()) : work)
          )
        const health = new HealthService(serviceNames)
        const sessions = yield* Effect.orDie(root.supervise({ name: "replayer" }))
        const calls = yield* FiberSet.make<void>()
        const run = yield* FiberSet.runtime(calls)<Targets>()
        let open = 0
        let named = 0

        const serve = Effect.fnUntraced(function* (call: ReplayCall, incoming: Incoming) {
          named += 1
          yield* sessions.spawn({
            name: `session-${named}`,
            restart: "temporary",
            stopDeadline: drainMillis,
            run: Effect.fnUntraced(function* (context: ActorContext<never>) {
              yield* Effect.acquireRelease(
                Effect.sync(() => open++),
                () => Effect.sync(() => open--)
              )
              const stopping = yield* Deferred.make<void>()
              yield* Effect.forkScoped(
                Effect.andThen(
                  Effect.raceFirst(context.stopping, Deferred.await(draining)),
                  Deferred.succeed(stopping, undefined)
                )
              )
              yield* replaySession(call, incoming, { maxMessageBytes, creditBytes }, Deferred.await(stopping))
            })
          })
        })

        server.addService(replayerDefinition, {
          replay: (call: ReplayCall) => {
            // Listens at once: nothing of the call may be missed until the actor runs.
            const incoming = new Incoming(call, creditBytes)
            const refuse = Effect.sync(() => {
              const { code, detail } = isStopping()
              call.emit("error", { code, details: detail })
            })
            run(isDraining() ? refuse : Effect.catch(serve(call, incoming), () => refuse))
          },
          replayEvent: (call: EventCall, answer: sendUnaryData<ReplayEventResponse>) => {
            run(answerCall(call, answer, unlessDraining(replayEvent(events, call.request))))
          },
          listExpiredJobs: (call: ListExpiredJobsCall, answer: sendUnaryData<ListExpiredJobsResponse>) => {
            run(answerCall(call, answer, unlessDraining(listExpiredJobs(call.request))))
          },
          forgetJobs: (call: ForgetJobsCall, answer: sendUnaryData<ForgetJobsResponse>) => {
            run(answerCall(call, answer, unlessDraining(forgetJobs(call.request))))
          },
          health: (_call: unknown, answer: (error: null, response: HealthResponse) => void) =>
            answer(null, {
              status: isDraining()
                ? ServingStatus.SERVING_STATUS_DRAINING
                : ServingStatus.SERVING_STATUS_SERVING,
              version: options.version,
              targets: [...targets.names],
              sessions: open,
              protocolLevel
            })
        })
        server.addService(healthDefinition, health.implementation)
        server.addService(reflectionDefinition, reflection())

        const drain = Effect.gen(function* () {
          yield* Effect.logDebug("the replayer is stopping", { sessions: open })
          health.stop()
          yield* Deferred.succeed(draining, undefined)
          yield* root.stop("replayer")
          yield* FiberSet.awaitEmpty(calls).pipe(
            Effect.interruptible,
            Effect.timeoutOption(drainMillis),
            Effect.asVoid
          )
          yield* shutDown(server, 1000)
        })
        yield* Effect.addFinalizer(() => drain)
        const certified = yield* certify(options)
        const port = yield* listen(server, options, certified)
        if (options.tlsRenewals !== undefined)
          yield* Effect.forkScoped(renewing(options.tlsRenewals, certified))
        return ReplayerServer.of({ host: options.host, port, sessions: Effect.sync(() => open) })
      })
    )
}

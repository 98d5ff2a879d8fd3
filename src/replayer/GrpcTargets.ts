import { logVerbosity, Metadata, makeClientConstructor, setLogVerbosity } from "@grpc/grpc-js"
import { Effect, Layer, Redacted } from "effect"
import { Targets } from "../replay/Target.ts"
import type { ClientCall } from "./Conversation.ts"
import { openGrpcSession } from "./GrpcSession.ts"
import { ReplayerService } from "./generated/walstream/v1/replayer.ts"
import {
  type ClientTls,
  channelCredentials,
  channelOptions,
  defaultKeepalive,
  type Keepalive
} from "./ReplayerSecurity.ts"

export interface GrpcTargetsOptions {
  readonly host: string
  readonly port: number
  /** Null for plain text. */
  readonly tls: ClientTls | null
  /** The bearer token to show; null for none. */
  readonly token: Redacted.Redacted | null
  /** What the replayer's targets are called. Others are asked for all the same: it may have got new ones. */
  readonly names: ReadonlyArray<string>
  /** How long opening a target may take. Default 15 seconds: a wait for locks is part of it. */
  readonly openMillis?: number
  readonly keepalive?: Keepalive
}

/** Requests are encoded before they get here. */
const RawClient = makeClientConstructor(
  {
    replay: { ...ReplayerService.replay, requestSerialize: (bytes: Buffer) => bytes }
  },
  "walstream.v1.Replayer"
)

/** Any size may be sent: what the replayer takes it says itself, in better words. */
const unlimited = -1

/** A replayer that comes back is found within seconds, not minutes. */
const backoff = { "grpc.initial_reconnect_backoff_ms": 100, "grpc.max_reconnect_backoff_ms": 2000 }

/** The targets of a replayer in another process. */
export const grpcTargets = (options: GrpcTargetsOptions): Layer.Layer<Targets> =>
  Layer.effect(
    Targets,
    Effect.gen(function* () {
      const { host, port, tls, token, names, openMillis = 15_000, keepalive = defaultKeepalive } = options
      setLogVerbosity(logVerbosity.NONE)
      const address = `${host.includes(":") ? `[${host}]` : host}:${port}`
      const client = yield* Effect.acquireRelease(
        Effect.sync(
          () =>
            new RawClient(address, channelCredentials(tls), {
              ...channelOptions(keepalive, unlimited),
              ...backoff
            })
        ),
        (opened) => Effect.sync(() => opened.close())
      )
      const metadata = new Metadata()
      if (token !== null) metadata.set("authorization", `Bearer ${Redacted.value(token)}`)
      // What the definition above makes of it.
      const replay = client["replay"]?.bind(client) as unknown as (metadata: Metadata) => ClientCall
      return Targets.of({
        names,
        open: (target, dryRun, apply) =>
          openGrpcSession({ target, dryRun, apply, openMillis, call: () => replay(metadata) })
      })
    })
  )

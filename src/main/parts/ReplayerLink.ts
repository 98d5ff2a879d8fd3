import { Effect, Layer, Option, Redacted } from "effect"
import { grpcTargets } from "../../replayer/GrpcTargets.ts"
import type { ClientTls, ServerTls } from "../../replayer/ReplayerSecurity.ts"
import type { SettingsValue } from "../Settings.ts"
import { readSettingFile } from "./SettingFile.ts"

const files = (settings: SettingsValue) =>
  Effect.all({
    certificate: readSettingFile("REPLAYER_TLS_CERT", settings.replayerTlsCert),
    key: readSettingFile("REPLAYER_TLS_KEY", settings.replayerTlsKey),
    authority: readSettingFile("REPLAYER_TLS_CA", settings.replayerTlsCa)
  })

/** How the replayer proves itself; null for plain text. */
export const serverTls = (settings: SettingsValue) =>
  Effect.map(files(settings), ({ certificate, key, authority }): ServerTls | null =>
    certificate === null || key === null
      ? null
      : { certificate, key: Redacted.make(key), clientAuthority: authority }
  )

const clientTls = (settings: SettingsValue) =>
  Effect.map(files(settings), ({ certificate, key, authority }): ClientTls | null =>
    authority === null
      ? null
      : {
          authority,
          identity: certificate === null || key === null ? null : { certificate, key: Redacted.make(key) }
        }
  )

/** Targets that the replayer at `host` applies to. */
export const remoteTargets = (settings: SettingsValue, host: string, names: ReadonlyArray<string>) =>
  Layer.unwrap(
    Effect.map(clientTls(settings), (tls) =>
      grpcTargets({
        host,
        port: settings.replayerPort,
        tls,
        token: Option.getOrNull(settings.replayerToken),
        names
      })
    )
  )

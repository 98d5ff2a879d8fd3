import { Effect, Layer, Option, Redacted } from "effect"
import { type ConfiguredTargetsOptions, configuredTargets } from "../../replay/target/ConfiguredTargets.ts"
import { grpcTargets } from "../../replayer/GrpcTargets.ts"
import type { ClientTls, ServerTls } from "../../replayer/ReplayerSecurity.ts"
import type { SettingsValue } from "../Settings.ts"
import { readSettingFile } from "./Stores.ts"

export interface TargetDatabases {
  /** Null where this process is not told: then no target can be refused for being the source. */
  readonly source: Redacted.Redacted | null
  readonly targets: Readonly<Record<string, Redacted.Redacted>>
}

/** As the appliers take them. */
export const targetOptions = ({ source, targets }: TargetDatabases): ConfiguredTargetsOptions => ({
  targets,
  source: source === null ? null : { url: source }
})

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

/** Applied by the replayer where one is named, else by this process. */
export const targets = (settings: SettingsValue, databases: TargetDatabases) => {
  const { replayerHost } = settings
  return Option.isNone(replayerHost)
    ? configuredTargets(targetOptions(databases))
    : Layer.unwrap(
        Effect.map(clientTls(settings), (tls) =>
          grpcTargets({
            host: replayerHost.value,
            port: settings.replayerPort,
            tls,
            token: Option.getOrNull(settings.replayerToken),
            names: Object.keys(databases.targets)
          })
        )
      )
}

import { Effect, Layer, Option, Redacted, Stream } from "effect"
import { grpcTargets } from "../../replayer/GrpcTargets.ts"
import type { ClientTls, ServerTls } from "../../replayer/ReplayerSecurity.ts"
import type { SettingsValue } from "../Settings.ts"
import { fileChanges } from "./FileChanges.ts"
import { readSettingFile } from "./SettingFile.ts"

const files = (settings: SettingsValue) =>
  Effect.all({
    certificate: readSettingFile("REPLAYER_TLS_CERT", settings.replayerTlsCert),
    key: readSettingFile("REPLAYER_TLS_KEY", settings.replayerTlsKey),
    authority: readSettingFile("REPLAYER_TLS_CA", settings.replayerTlsCa)
  })

type Files = Effect.Success<ReturnType<typeof files>>

const serverTlsOf = ({ certificate, key, authority }: Files): ServerTls | null =>
  certificate === null || key === null
    ? null
    : { certificate, key: Redacted.make(key), clientAuthority: authority }

const clientTlsOf = ({ certificate, key, authority }: Files): ClientTls | null =>
  authority === null
    ? null
    : {
        authority,
        identity: certificate === null || key === null ? null : { certificate, key: Redacted.make(key) }
      }

const isSamePair = (a: Files, b: Files): boolean =>
  a.certificate === b.certificate && a.key === b.key && a.authority === b.authority

/** A side's certificates, and those that take their place in the files later; null for plain text. */
const renewed = <Tls>(settings: SettingsValue, tlsOf: (files: Files) => Tls | null) =>
  Effect.map(files(settings), (found) => {
    const tls = tlsOf(found)
    if (tls === null) return { tls }
    return {
      tls,
      tlsRenewals: fileChanges(files(settings), found, isSamePair).pipe(
        Stream.map(tlsOf),
        Stream.filter((next) => next !== null)
      )
    }
  })

/** How the replayer proves itself. */
export const serverTls = (settings: SettingsValue) => renewed(settings, serverTlsOf)

/** Targets that the replayer at `host` applies to. */
export const remoteTargets = (settings: SettingsValue, host: string, names: ReadonlyArray<string>) =>
  Layer.unwrap(
    Effect.map(renewed(settings, clientTlsOf), (secured) =>
      grpcTargets({
        host,
        port: settings.replayerPort,
        ...secured,
        token: Option.getOrNull(settings.replayerToken),
        names
      })
    )
  )

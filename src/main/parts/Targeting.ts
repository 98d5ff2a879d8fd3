import { Effect, Layer, Option, type Redacted } from "effect"
import type { Targets } from "../../replay/Target.ts"
import { type ConfiguredTargetsOptions, configuredTargets } from "../../replay/target/ConfiguredTargets.ts"
import type { SettingsValue } from "../Settings.ts"
import { targetsTraced } from "../trace/Traced.ts"
import type { UnreadableFile } from "./SettingFile.ts"

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

/** Applied by the replayer where one is named, else by this process. */
export const targets = (settings: SettingsValue, databases: TargetDatabases) =>
  targetsTraced(appliedBy(settings, databases), "worker")

const appliedBy = (settings: SettingsValue, databases: TargetDatabases) =>
  Option.match(settings.replayerHost, {
    onNone: (): Layer.Layer<Targets, UnreadableFile> => configuredTargets(targetOptions(databases)),
    // Loaded where it is used: the embedded shape does without.
    onSome: (host) =>
      Layer.unwrap(
        Effect.map(
          Effect.promise(() => import("./ReplayerLink.ts")),
          ({ remoteTargets }) => remoteTargets(settings, host, Object.keys(databases.targets))
        )
      )
  })

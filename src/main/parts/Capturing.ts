import { join } from "node:path"
import { Layer, type Redacted } from "effect"
import { layerLocalSource, type SourceViewOptions } from "../../control/SourceView.ts"
import type { AttachOptions } from "../../ingest/Attach.ts"
import { Ingestor } from "../../ingest/Ingestor.ts"
import type { SettingsValue } from "../Settings.ts"

/** What attaching needs of the settings. */
export const attachOptions = (settings: SettingsValue, url: Redacted.Redacted): AttachOptions => ({
  url,
  sourceId: settings.sourceId,
  slot: settings.slotName,
  publication: settings.publicationName,
  plugin: settings.capturePlugin,
  captureNewTables: settings.captureNewTables
})

/** What people are told of the source beside what capture does. */
export const viewOptions = (settings: SettingsValue, demo: boolean): SourceViewOptions => ({
  sourceId: settings.sourceId,
  demo,
  slot: settings.slotName,
  publication: settings.publicationName,
  plugin: settings.capturePlugin
})

/** Captures the source into the stores, and tells of it. */
export const capturing = (settings: SettingsValue, url: Redacted.Redacted, demo: boolean) =>
  layerLocalSource(viewOptions(settings, demo)).pipe(
    Layer.provideMerge(
      Ingestor.layer({
        ...attachOptions(settings, url),
        slotIsReady: demo,
        excluded: new Set(settings.captureExcludeColumns),
        spillDirectory: join(settings.dataDir, "spill"),
        memoryBytes: settings.spillMemoryBytes,
        publicationsEvery: 10_000
      })
    )
  )

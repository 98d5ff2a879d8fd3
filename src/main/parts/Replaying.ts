import { hostname } from "node:os"
import { Layer } from "effect"
import { layerRunReporter } from "../../control/RunReporter.ts"
import { ledgerCleaner } from "../../replay/LedgerCleaner.ts"
import { ReplayWorker } from "../../replay/ReplayWorker.ts"
import type { SettingsValue } from "../Settings.ts"

/** Runs jobs from the stores into the targets, tells how they go, and tidies the targets' ledgers behind them. */
export const replaying = (settings: SettingsValue) =>
  Layer.merge(layerRunReporter, ledgerCleaner()).pipe(
    Layer.provideMerge(
      ReplayWorker.layer({
        workerId: `${hostname()}-${process.pid}`,
        count: settings.jobWorkerCount,
        leaseSeconds: settings.jobLeaseDurationSeconds,
        source: settings.sourceId,
        maxEventRetries: settings.maxEventRetries,
        bufferMaxAgeSeconds: settings.replayBufferMaxAgeSeconds
      })
    )
  )

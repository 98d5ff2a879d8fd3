import { ingestMetrics } from "../../ingest/IngestMetrics.ts"
import { slotMetrics } from "../../ingest/SlotMetrics.ts"
import { writerMetrics } from "../../log/WriterMetrics.ts"
import { actorMetrics } from "../../runtime/metrics/ActorMetrics.ts"
import { joinMetrics } from "../../runtime/metrics/Metric.ts"
import { processMetrics } from "../../runtime/metrics/ProcessMetrics.ts"
import { buildMetrics } from "./BuildMetrics.ts"

/** What every process tells. */
export const commonMetrics = joinMetrics(buildMetrics, processMetrics, actorMetrics)

/** What the process tells that captures. */
export const captureMetrics = joinMetrics(ingestMetrics, slotMetrics, writerMetrics)

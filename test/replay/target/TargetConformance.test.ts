import { configuredTargets } from "../../../src/replay/target/ConfiguredTargets.ts"
import { targetConformance } from "./TargetConformance.ts"

targetConformance("targets in this process", ({ targetUrl, sourceUrl }) =>
  configuredTargets({ targets: { there: targetUrl, source: sourceUrl }, source: { url: sourceUrl } })
)

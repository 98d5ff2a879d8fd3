import { targetConformance } from "../replay/target/TargetConformance.ts"
import { throughReplayer } from "./TestReplayer.ts"

targetConformance("targets behind a replayer", ({ targetUrl, sourceUrl }) =>
  throughReplayer({ targets: { there: targetUrl, source: sourceUrl }, source: { url: sourceUrl } })
)

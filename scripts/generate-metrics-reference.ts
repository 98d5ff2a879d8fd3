import { writeFileSync } from "node:fs"
import { metricsReference } from "../src/main/MetricsReference.ts"

writeFileSync(new URL("../docs/metrics.md", import.meta.url), metricsReference())

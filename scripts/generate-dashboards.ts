import { writeFileSync } from "node:fs"
import { dashboardFiles } from "./Dashboards.ts"

for (const [name, text] of dashboardFiles)
  writeFileSync(new URL(`../monitoring/grafana/dashboards/${name}`, import.meta.url), text)

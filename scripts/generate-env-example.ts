import { writeFileSync } from "node:fs"
import { envExample } from "../src/main/EnvExample.ts"

writeFileSync(new URL("../.env.example", import.meta.url), envExample())

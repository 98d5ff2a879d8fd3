import { cpSync } from "node:fs"

/** What the compiled server serves as it is: beside the compiled `src`, as in the repository. */
cpSync(new URL("../ui/dist", import.meta.url), new URL("../dist/ui/dist", import.meta.url), {
  recursive: true
})

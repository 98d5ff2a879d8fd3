import { Redacted } from "effect"
import type { DevAccess } from "./DevAccess.ts"
import type { DevDatabases } from "./DevDatabases.ts"
import { demoNotice } from "./demo/DemoSchema.ts"

interface Welcome {
  readonly url: string
  readonly access: DevAccess
  readonly databases: DevDatabases
  readonly dataDir: string
  /** What the archive keeps, in words. */
  readonly kept: string
}

const targetsText = (names: ReadonlyArray<string>): string =>
  names.length === 0 ? "none (set TARGET_URL; jobs can only be dry runs)" : names.join(", ")

/** What a person sees first. */
export const welcome = ({ url, access, databases, dataDir, kept }: Welcome): string => {
  const password = access.madeUp ? Redacted.value(access.password) : "(ADMIN_PASSWORD)"
  const what = databases.demo ? demoNotice : "your own source database."
  return `
  WalStream is running on ${what}

    open      ${url}
    login     ${access.username} / ${password}
    API       ${url}/api/v1/docs
    targets   ${targetsText(Object.keys(databases.targets))}
    data      ${dataDir}: ${kept} (ARCHIVE_MAX_AGE_HOURS, ARCHIVE_MAX_BYTES)

  Replay what has happened so far into the target:

    npx walstream jobs create --last 15m --speed max --start --watch

  Ctrl-C stops it in order; everything is kept.

`
}

import type { ProcessJson } from "../../control/api/ProcessJson.ts"
import { plainTime } from "./JobText.ts"

/** One process: which it is, where it runs, and when it last said a word. */
export const processLine = ({ role, host, pid, version, silent, told_at: told }: ProcessJson): string =>
  `${role} ${pid} on ${host}, version ${version}: ${silent ? "silent since" : "up, last heard at"} ${plainTime(told)}`

import { readdirSync, readFileSync } from "node:fs"

/** The kernel counts hundredths of a second. */
const microsPerTick = 10_000

const microsOf = (file: string): number => {
  const stat = readFileSync(file, "utf8")
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return (Number(fields[11]) + Number(fields[12])) * microsPerTick
}

/** CPU that a process has taken so far, in microseconds. */
export const cpuOf = (pid: number): number => microsOf(`/proc/${pid}/stat`)

/** CPU of this process' main thread and of all its others, in microseconds. */
export const threadCpu = (): { readonly main: number; readonly others: number } => {
  let [main, others] = [0, 0]
  for (const thread of readdirSync("/proc/self/task")) {
    try {
      const micros = microsOf(`/proc/self/task/${thread}/stat`)
      if (Number(thread) === process.pid) main += micros
      else others += micros
    } catch {
      // It has ended since it was listed.
    }
  }
  return { main, others }
}

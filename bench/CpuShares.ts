import { readdir, readFile } from "node:fs/promises"

/** CPU that those who share the machine have taken so far, in seconds: /proc counts in hundredths. */
export interface CpuShares {
  /** The server's main thread. */
  readonly main: number
  /** Its other threads: collections, compiling, files. */
  readonly others: number
  /** All processes of the database server. */
  readonly postgres: number
  /** Everybody on the machine. */
  readonly machine: number
}

/** Behind the name, which may hold blanks: from field 3 on. Empty for what has ended meanwhile. */
const fieldsOf = (file: string): Promise<ReadonlyArray<string>> =>
  readFile(file, "utf8").then(
    (text) => text.slice(text.lastIndexOf(")") + 2).split(" "),
    () => []
  )

/** User and system. */
const secondsOf = (fields: ReadonlyArray<string>): number =>
  (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / 100

const ofFamily = async (parent: number): Promise<number> => {
  let sum = 0
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/u.test(pid)) continue
    const fields = await fieldsOf(`/proc/${pid}/stat`)
    if (Number(pid) === parent || Number(fields[1]) === parent) sum += secondsOf(fields)
  }
  return sum
}

const ofMachine = async (): Promise<number> => {
  const [, user, nice, system, , , irq, softirq] = (await readFile("/proc/stat", "utf8"))
    .split("\n", 1)[0]
    ?.split(/ +/u)
    .map(Number) ?? [0]
  return [user, nice, system, irq, softirq].reduce<number>((sum, each) => sum + (each ?? 0), 0) / 100
}

export const cpuShares = async (server: number, postmaster: number): Promise<CpuShares> => {
  const main = secondsOf(await fieldsOf(`/proc/${server}/task/${server}/stat`))
  const all = secondsOf(await fieldsOf(`/proc/${server}/stat`))
  return { main, others: all - main, postgres: await ofFamily(postmaster), machine: await ofMachine() }
}

import { readFile } from "node:fs/promises"

/** User and system CPU of a process so far, in seconds: /proc counts in hundredths. */
export const cpuOf = async (pid: number): Promise<number> => {
  const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).replace(/^.*\) /u, "").split(" ")
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** MiB. */
export const residentOf = async (pid: number): Promise<number> => {
  const status = await readFile(`/proc/${pid}/status`, "utf8")
  return Number(/VmRSS:\s+(\d+)/u.exec(status)?.[1] ?? 0) / 1024
}

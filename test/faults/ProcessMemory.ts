import { readFile } from "node:fs/promises"
import { Effect, Schedule } from "effect"

const kibibyte = 1024

/** Of a process, in bytes, as Linux counts them. */
export interface ProcessMemory {
  /** What is in memory now. */
  readonly resident: number
  /** The most that ever was. */
  readonly peak: number
}

const field = (status: string, name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "mu").exec(status)?.[1] ?? Number.NaN) * kibibyte

export const processMemory = (pid: number): Effect.Effect<ProcessMemory> =>
  Effect.promise(async () => {
    const status = await readFile(`/proc/${pid}/status`, "utf8")
    return { resident: field(status, "VmRSS"), peak: field(status, "VmHWM") }
  })

/** The resident set every half second, as long as the scope lives. */
export const sampleMemory = Effect.fnUntraced(function* (pid: number) {
  const samples: Array<number> = []
  yield* processMemory(pid).pipe(
    Effect.map(({ resident }) => samples.push(resident)),
    Effect.repeat(Schedule.spaced("500 millis")),
    Effect.forkScoped
  )
  const taken: ReadonlyArray<number> = samples
  return taken
})

import { type ArchivedChunk, changeCount } from "../domain/Transaction.ts"
import type { LiveStep } from "./LiveQueue.ts"

/** More than this is not joined: one append must stay well below a live buffer's deadline. */
export const joinLimits = { changes: 500, bytes: 1024 * 1024 }

type Append = Extract<LiveStep, { readonly _tag: "Append" }>

const changesOf = ({ chunks }: Append): number => chunks.reduce((sum, chunk) => sum + changeCount(chunk), 0)

/** The same steps in fewer: appends that follow each other become one, since each is a round trip of its own. */
export const joinAppends = (steps: ReadonlyArray<LiveStep>): ReadonlyArray<LiveStep> => {
  const joined: Array<LiveStep> = []
  let run: { readonly chunks: Array<ArchivedChunk>; changes: number; bytes: number } | undefined
  const close = (): void => {
    if (run !== undefined) joined.push({ _tag: "Append", chunks: run.chunks, bytes: run.bytes })
    run = undefined
  }
  for (const step of steps) {
    if (step._tag === "Advance") {
      close()
      joined.push(step)
      continue
    }
    const changes = changesOf(step)
    const fits =
      run !== undefined &&
      run.changes + changes <= joinLimits.changes &&
      run.bytes + step.bytes <= joinLimits.bytes
    if (!fits) close()
    run ??= { chunks: [], changes: 0, bytes: 0 }
    run.chunks.push(...step.chunks)
    run.changes += changes
    run.bytes += step.bytes
  }
  close()
  return joined
}

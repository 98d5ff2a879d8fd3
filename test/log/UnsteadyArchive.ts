import { Effect, Layer, Schedule } from "effect"
import type { SpillName } from "../../src/domain/Log.ts"
import { Archive } from "../../src/log/Archive.ts"
import { LogError } from "../../src/log/LogError.ts"
import { archiveAt } from "./SqliteFixture.ts"

const away = new LogError({ store: "test", reason: { _tag: "Unavailable", detail: "nobody answers" } })

/** What becomes of calls. */
export type Mood =
  | "well"
  /** As a broker that is away: calls last until it is back. */
  | "silent"
  | "refusing"
  /** What is written is stored, and the answer is lost. */
  | "answersLost"

/** An archive in a file that can be taken away, over all lives of a test. */
export const makeUnsteady = (file: string) => {
  const self = {
    mood: "well" as Mood,
    /** The file has no room for it. */
    spill: undefined as SpillName | undefined
  }
  const wellAgain = Effect.sync(() => self.mood === "well").pipe(
    Effect.repeat({ until: (isWell) => isWell, schedule: Schedule.spaced("5 millis") })
  )
  const write = <A>(call: Effect.Effect<A, LogError>): Effect.Effect<A, LogError> =>
    Effect.suspend(() => {
      switch (self.mood) {
        case "well":
          return call
        case "silent":
          return Effect.andThen(wellAgain, call)
        case "refusing":
          return Effect.fail(away)
        case "answersLost":
          return call.pipe(Effect.andThen(wellAgain), Effect.andThen(Effect.fail(away)))
      }
    })
  const layer = Layer.effect(
    Archive,
    Effect.map(Archive, (inner) =>
      Archive.of({
        ...inner,
        kind: "kafka",
        append: (chunks) => write(inner.append(chunks)),
        writeMark: (mark) =>
          write(
            Effect.map(inner.writeMark(mark), () => {
              self.spill = mark.spill
            })
          ),
        beginIncarnation: (incarnation) => write(inner.beginIncarnation(incarnation)),
        recover: Effect.suspend(() =>
          self.mood === "silent" || self.mood === "refusing"
            ? Effect.fail(away)
            : Effect.map(inner.recover, (tail) => {
                if (tail.mark === null) return tail
                const { spill: _, ...mark } = tail.mark
                return { ...tail, mark: self.spill === undefined ? mark : { ...mark, spill: self.spill } }
              })
        )
      })
    )
  ).pipe(Layer.provide(archiveAt({ file })))
  return Object.assign(self, { layer })
}

import { Cause, Exit, Result } from "effect"

const maxLength = 300

/**
 * One bounded line that says why something failed, for logs and the tree. It is the first error's message and nothing
 * else: no stack, no fields, since those may hold values.
 */
export const errorText = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.findError(cause)
  if (Result.isSuccess(error)) return clip(messageOf(error.success))
  const defect = Cause.findDefect(cause)
  if (Result.isSuccess(defect)) return clip(`defect: ${messageOf(defect.success)}`)
  return "interrupted"
}

/** An end by interruption is nobody's failure. */
export const isFailed = <E>(exit: Exit.Exit<unknown, E>): exit is Exit.Failure<never, E> =>
  Exit.isFailure(exit) && !Cause.hasInterruptsOnly(exit.cause)

const messageOf = (error: unknown): string => {
  if (typeof error === "object" && error !== null) {
    if ("message" in error && typeof error.message === "string" && error.message !== "") return error.message
    if ("_tag" in error && typeof error._tag === "string") return error._tag
    if (error instanceof Error) return error.name
  }
  // A bare value may be anything, a cell's value too.
  return `something of type ${typeof error} without a message`
}

const clip = (text: string): string => {
  const line = text.replaceAll(/\s+/g, " ")
  return line.length <= maxLength ? line : `${line.slice(0, maxLength - 1)}…`
}

import { Cause, Exit, Result, Schema } from "effect"

const maxLength = 300

/**
 * One bounded line that says why something failed, for logs and the tree. It is the first error's message, of a defect
 * also where it was thrown, and nothing else: fields may hold values.
 */
export const errorText = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.findError(cause)
  if (Result.isSuccess(error)) return clip(messageOf(error.success))
  const defect = Cause.findDefect(cause)
  if (Result.isSuccess(defect)) return clip(`defect: ${messageOf(defect.success)}${placeOf(defect.success)}`)
  return "interrupted"
}

/** An end by interruption is nobody's failure. */
export const isFailed = <E>(exit: Exit.Exit<unknown, E>): exit is Exit.Failure<never, E> =>
  Exit.isFailure(exit) && !Cause.hasInterruptsOnly(exit.cause)

/** Messages of these quote what could not be read: a cell, a request's body. */
const quoting = (error: unknown): string | undefined => {
  if (error instanceof SyntaxError) return "a text that cannot be read"
  return Schema.isSchemaError(error) ? "a value that is not as its schema says" : undefined
}

const messageOf = (error: unknown): string => {
  const instead = quoting(error)
  if (instead !== undefined) return instead
  if (typeof error === "object" && error !== null) {
    if ("message" in error && typeof error.message === "string" && error.message !== "") return error.message
    if ("_tag" in error && typeof error._tag === "string") return error._tag
    if (error instanceof Error) return error.name
  }
  // A bare value may be anything, a cell's value too.
  return `something of type ${typeof error} without a message`
}

/** The innermost frame of a stack, without its directory: ", at decode Decoder.ts:12:5". */
const placeOf = (error: unknown): string => {
  const stack = error instanceof Error ? (error.stack ?? "") : ""
  const frame = /\n\s+at (?:(\S+) )?.*?([^/\\() ]+:\d+:\d+)\)?(?:\n|$)/.exec(stack)
  return frame === null ? "" : `, at ${[frame[1], frame[2]].filter((part) => part !== undefined).join(" ")}`
}

const clip = (text: string): string => {
  const line = text.replaceAll(/\s+/g, " ")
  return line.length <= maxLength ? line : `${line.slice(0, maxLength - 1)}…`
}

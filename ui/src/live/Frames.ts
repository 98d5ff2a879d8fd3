import { Option, Schema } from "effect"
import { type ClientFrame, ServerFrame } from "../../../src/control/api/LiveFrames.ts"

const decode = Schema.decodeUnknownOption(ServerFrame)

/** Null for what is none, or none that we know: frames may be added. */
export const readFrame = (text: string): ServerFrame | null => {
  try {
    return Option.getOrNull(decode(JSON.parse(text)))
  } catch {
    return null
  }
}

export const writeFrame = (frame: ClientFrame): string => JSON.stringify(frame)

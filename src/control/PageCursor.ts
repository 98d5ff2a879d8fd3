/** Opaque outside: base64url of its parts, the last of which says what the list was asked for. */
export const encodeCursor = (...parts: ReadonlyArray<string>): string =>
  btoa(parts.join(" ")).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")

/** The parts; undefined when the text is no cursor at all. */
export const decodeCursor = (text: string): ReadonlyArray<string> | undefined => {
  try {
    return atob(text.replaceAll("-", "+").replaceAll("_", "/")).split(" ")
  } catch {
    return undefined
  }
}

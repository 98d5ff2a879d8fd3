/** A logical message's base64 as text, where its bytes are UTF-8; else as it is. */
export const messageText = (base64: string): { readonly text: string; readonly isText: boolean } => {
  try {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes), isText: true }
  } catch {
    return { text: base64, isText: false }
  }
}

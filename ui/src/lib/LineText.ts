/** Marks that turn the direction of what follows, unseen. */
const turns = /[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu
const rightToLeft = /[\u0590-\u08FF\uFB1D-\uFDFF\uFE70-\uFEFC]|[\u{10800}-\u{10FFF}\u{1E800}-\u{1EFFF}]/u

const named = (mark: string): string => `\\u${mark.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`

/**
 * A value that stands in a line with others: whatever is in it, it turns nothing around but itself. Marks that would are
 * shown by their code.
 */
export const lineText = (text: string): string => {
  const plain = text.replace(turns, named)
  return rightToLeft.test(plain) ? `\u2068${plain}\u2069` : plain
}

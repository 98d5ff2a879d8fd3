const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }

/** `90s`, `15m`, `1h30m`, `2d`; in seconds. Undefined when the text is no length of time. */
export const parseLength = (text: string): number | undefined => {
  if (!/^(?:\d{1,9}(?:\.\d{1,6})?[smhd]){1,4}$/u.test(text)) return undefined
  let seconds = 0
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)([smhd])/gu)) {
    seconds += Number(amount) * (units[unit ?? ""] ?? 0)
  }
  return seconds
}

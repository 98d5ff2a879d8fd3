/** JSON in one line without a control character: what `JSON.stringify` lets through (U+007F to U+009F), terminals obey. */
export const jsonText = (value: unknown): string =>
  JSON.stringify(value).replaceAll(/[\u007f-\u009f]/gu, (text) => `\\u00${text.charCodeAt(0).toString(16)}`)

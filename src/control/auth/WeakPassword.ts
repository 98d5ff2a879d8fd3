import { dictionary } from "@zxcvbn-ts/language-common"

const shortest = 8

/** The most common ones that are long enough: some 18,000, in lower case. */
const common = new Set(dictionary["passwords-common"].filter(({ length }) => length >= shortest))

/** What anybody tries first here. */
const ownWords = ["walstream"]
/** Shorter names are in too many other words. */
const shortestWord = 4

/** What is left of it without the words that whoever guesses knows, whatever their case. */
const without = (password: string, words: ReadonlyArray<string>): string =>
  words
    .filter(({ length }) => length >= shortestWord)
    .reduce((rest, word) => rest.replaceAll(word, ""), password)

/**
 * Why nobody should have this password, which is long enough; undefined where nothing speaks against it. `names`: of its user
 * (ASVS 6.2.4, 6.2.11).
 */
export const weaknessOf = (password: string, names: ReadonlyArray<string>): string | undefined => {
  const text = password.toLowerCase()
  if (common.has(text)) return "is one of the most common passwords"
  const words = [...names.map((name) => name.toLowerCase()), ...ownWords]
  return without(text, words).length < shortest
    ? `must have ${shortest} characters beside your name and ours`
    : undefined
}

import { Result } from "effect"
import type { Setting } from "../../src/main/Setting.ts"
import { definitions } from "../../src/main/SettingDefinitions.ts"

let made = 0

/** A word that is nowhere else. It has the characters that a strong secret must have. */
export const marker = (about: string): string => {
  made += 1
  return `zq-${about}-${made}-b7d2f0c49a15e83061`
}

/** All that stands in what programs write when a marker is told: as it is, and as addresses and JSON have it. */
const writings = (one: string): ReadonlyArray<string> => [one, encodeURIComponent(one), btoa(one)]

/** Those markers that a text holds. */
export const markersIn = (text: string, markers: ReadonlyArray<string>): ReadonlyArray<string> =>
  markers.filter((one) => writings(one).some((written) => text.includes(written)))

const secretSettings = Object.values<Setting<unknown>>(definitions).filter(
  ({ isSecret }) => isSecret === true
)

/** Values of the kinds that settings have. */
const kinds = (word: string): ReadonlyArray<string> => [
  word,
  `postgres://planted:${word}@127.0.0.1:9/planted`,
  `redis://planted:${word}@127.0.0.1:9/0`,
  `authorization=${word}`,
  `wsk_${"a".repeat(11)}_${word
    .replaceAll(/[^0-9A-Za-z]/gu, "")
    .padEnd(49, "7")
    .slice(0, 49)}`
]

/** What of a secret's value must not be told: an address may be, its password not. */
const secretPart = (value: string): ReadonlyArray<string> => {
  const password = /^\w+:\/\/[^:/@]*:([^@]+)@/u.exec(value)?.[1]
  if (password !== undefined) return [decodeURIComponent(password)]
  return value.split(",").map((each) => each.replace(/^authorization=/u, ""))
}

/**
 * A value for every secret setting that has none in `given`, new ones included; and what must not be told of all of
 * them.
 */
export const plantSettings = (given: Readonly<Record<string, string>>) => {
  const planted: Record<string, string> = {}
  for (const { name, read } of secretSettings) {
    if (given[name] !== undefined) continue
    const value = kinds(marker(name)).find((kind) => Result.isSuccess(read(kind)))
    if (value === undefined) throw new RangeError(`no value is known that ${name} may have`)
    planted[name] = value
  }
  const secret = Object.entries({ ...given, ...planted }).filter(
    ([name]) => /^TARGET_\w+_URL$/u.test(name) || secretSettings.some((setting) => setting.name === name)
  )
  return { planted, secrets: secret.flatMap(([, value]) => secretPart(value)) }
}

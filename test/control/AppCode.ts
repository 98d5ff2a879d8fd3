import { codeOf, stepAt } from "../../src/control/auth/Totp.ts"

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

const bytesOf = (base32: string): Uint8Array => {
  const bits = [...base32].map((digit) => digits.indexOf(digit).toString(2).padStart(5, "0")).join("")
  return Uint8Array.from((bits.match(/.{8}/gu) ?? []).map((byte) => Number.parseInt(byte, 2)))
}

/** As the app would show it: now, or so many steps from now. */
export const appCode = (secret: string, away = 0): string =>
  codeOf(bytesOf(secret), stepAt(Date.now()) + away)

/** Certainly none of those that are taken at present. */
export const wrongCode = (secret: string): string => {
  const near = new Set([-2, -1, 0, 1, 2].map((away) => appCode(secret, away)))
  return ["000000", "111111", "222222", "333333", "444444", "555555"].find((code) => !near.has(code)) ?? ""
}

const mostFrames = 12

/**
 * What is told of an error that nobody caught, before the process ends: its kind, and where. Node would print its message
 * and all its fields: a driver's has rows in them, a command with its arguments, or an address with its password.
 */
export const uncaughtText = (thrown: unknown): string => {
  if (!(thrown instanceof Error)) return `nobody caught something of type ${typeof thrown}`
  const code = "code" in thrown ? String(thrown.code) : ""
  const frames = (thrown.stack ?? "").split("\n").filter((line) => /^\s+at /u.test(line))
  const kind = /^\w{1,40}$/u.test(code) ? `${thrown.name} (${code})` : thrown.name
  return [`nobody caught an error of kind ${kind}`, ...frames.slice(0, mostFrames)].join("\n")
}

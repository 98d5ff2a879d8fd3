/** An orchestrator gives up on a check that takes longer, and knows less than we could say. */
const deadlineMillis = 3000

/** What a role that is not ready lacks. Whatever else answers at that port has not said. */
const lacking = (body: string): string => {
  try {
    const { needs }: { readonly needs?: Readonly<Record<string, string | null>> } = JSON.parse(body)
    const said = Object.entries(needs ?? {}).flatMap(([name, why]) =>
      why === null ? [] : [`${name}: ${why}`]
    )
    return said.length === 0 ? "" : ` (${said.join(", ")})`
  } catch {
    return ""
  }
}

/** Why the role that answers probes at this port of this machine is not ready; null when it is. */
export const notReady = async (port: number): Promise<string | null> => {
  const url = `http://127.0.0.1:${port}/health/ready`
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(deadlineMillis) })
    const body = await response.text()
    return response.status === 200 ? null : `${url} answered ${response.status}${lacking(body)}`
  } catch (error) {
    const late = error instanceof Error && error.name === "TimeoutError"
    return late ? `${url} does not answer within ${deadlineMillis / 1000} s` : `nothing answers at ${url}`
  }
}

// For the health checks of containers, every few seconds: it loads nothing, and needs no setting to be right.
if (import.meta.main) {
  const problem = await notReady(Number(process.argv[2]))
  if (problem !== null) process.stderr.write(`walstream: ${problem}\n`)
  process.exitCode = problem === null ? 0 : 1
}

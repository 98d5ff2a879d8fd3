interface CurlRequest {
  readonly method: string
  /** Below `/api/v1`. */
  readonly path: string
  readonly body?: unknown
}

/** The text between single quotes of a shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** What this page asks, as a command: with a key of the reader's own in the environment, never with a token. */
export const curlText = ({ method, path, body }: CurlRequest, origin: string): string => {
  const parts = [`curl -s${method === "GET" ? "" : ` -X ${method}`} ${quoted(`${origin}/api/v1${path}`)}`]
  parts.push(`-H "Authorization: Bearer $WALSTREAM_API_KEY"`)
  if (body !== undefined)
    parts.push("-H 'Content-Type: application/json'", `-d ${quoted(JSON.stringify(body))}`)
  return parts.join(" \\\n  ")
}

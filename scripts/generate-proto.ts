import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

/*
 * Makes src/replayer/generated from proto/. The compiler is 120 MB and needed by nobody else: it is fetched when the
 * protocol is changed, at these versions, and is no dependency.
 */
const tools = ["ts-proto@2.18.0", "@bufbuild/buf@1.75.0"]

const root = fileURLToPath(new URL("..", import.meta.url))
const proto = join(root, "proto")
const generated = join(root, "src/replayer/generated")

const buf = (...args: ReadonlyArray<string>) =>
  execFileSync("npx", ["--yes", ...tools.map((tool) => `--package=${tool}`), "buf", ...args], {
    cwd: proto,
    stdio: "inherit"
  })

/** Of all .proto files by name: what the generated files were made from. */
export const protoDigest = (): string => {
  const digest = createHash("sha256")
  const files = readdirSync(proto, { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".proto")
  )
  for (const file of files.toSorted())
    digest
      .update(file)
      .update("\0")
      .update(readFileSync(join(proto, file)))
  return digest.digest("hex")
}

if (import.meta.main) {
  rmSync(generated, { recursive: true, force: true })
  buf("generate")
  const scratch = mkdtempSync(join(tmpdir(), "walstream-proto-"))
  const image = join(scratch, "descriptors.binpb")
  buf("build", "--as-file-descriptor-set", "--exclude-source-info", "-o", image)
  writeFileSync(
    join(generated, "Descriptors.ts"),
    `// Made by scripts/generate-proto.ts. Do not edit.

/** SHA-256 of the .proto files that this folder was made from. */
export const protoDigest = "${protoDigest()}"

/** A google.protobuf.FileDescriptorSet in base64: what server reflection tells. */
export const descriptors =
  "${readFileSync(image).toString("base64")}"
`
  )
  rmSync(scratch, { recursive: true })
}

/*
 * Builds the dashboard into ui/dist. An installation without development packages has nothing to build it with, and a
 * published package brings it along.
 */
const vite = await import("vite").catch(() => undefined)
if (vite === undefined) console.warn("the dashboard is not built: development packages are not installed")
else {
  await vite.build({
    configFile: new URL("../ui/vite.config.ts", import.meta.url).pathname,
    logLevel: "warn"
  })
}

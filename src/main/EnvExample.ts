import { definitions } from "./Settings.ts"

/** `.env.example`: every variable with its meaning and its value when it is not set. */
export const envExample = (): string => {
  const parts = Object.values(definitions).map(
    ({ name, about, allowed, fallback }) => `# ${about}\n# ${allowed}\n#${name}=${fallback ?? ""}\n`
  )
  return `# WalStream's settings. Made by \`npm run env\` from src/main/Settings.ts.\n\n${parts.join("\n")}`
}

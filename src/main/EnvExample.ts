import { neededBy } from "./RoleSettings.ts"
import { definitions } from "./SettingDefinitions.ts"
import { type SettingGroup, settingGroups } from "./SettingGroups.ts"

const variable = (key: SettingGroup["keys"][number]): string => {
  const { name, about, allowed, fallback } = definitions[key]
  const roles = neededBy(key)
  const needed = roles.length === 0 ? "" : `# Required: ${roles.join(", ")}\n`
  return `# ${about}\n# ${allowed}\n${needed}#${name}=${fallback ?? ""}\n`
}

/** `.env.example`: every variable with its meaning, who reads it, and its value when it is not set. */
export const envExample = (): string => {
  const groups = settingGroups.map(
    ({ title, readers, keys }) =>
      `## ${title} (read by: ${readers.join(", ")})\n\n${keys.map(variable).join("\n")}`
  )
  return `# WalStream's settings. Made by \`npm run env\` from src/main/Settings.ts.\n\n${groups.join("\n")}`
}

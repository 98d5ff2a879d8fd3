import { existsSync } from "node:fs"

/** Where Debian puts the binaries of its PostgreSQL 15. */
export const debianBinaries = "/usr/lib/postgresql/15/bin"

/** What some suites need beyond npm: Debian's PostgreSQL 15, and its wal2json. */
export const capabilities = {
  "postgresql-15": {
    files: [`${debianBinaries}/postgres`, `${debianBinaries}/pgbench`],
    packages: ["postgresql-15"]
  },
  wal2json: {
    files: ["/usr/lib/postgresql/15/lib/wal2json.so", `${debianBinaries}/postgres`],
    packages: ["postgresql-15-wal2json"]
  },
  /** A locale whose money looks different, for hostile defaults. */
  "german locale": {
    files: ["/usr/share/i18n/locales/de_DE", "/usr/lib/locale/locale-archive"],
    packages: ["locales"]
  }
} as const
export type Capability = keyof typeof capabilities

export const isAvailable = (name: Capability): boolean => capabilities[name].files.every(existsSync)

export const missingCapabilities = (): ReadonlyArray<Capability> => {
  const names: ReadonlyArray<Capability> = ["postgresql-15", "wal2json", "german locale"]
  return names.filter((name) => !isAvailable(name))
}

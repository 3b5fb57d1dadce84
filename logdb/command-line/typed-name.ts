import { basename, relative } from 'node:path'
import type { Environment } from '../../kit/settings/environment.ts'
import type { UserError } from '../../kit/user-error.ts'

const NAME = 'logdb'
/** Set by `scripts/logdb`: what it was called as. */
const SCRIPT = 'LOGDB_SCRIPT'

/**
 * How to call this program again, as the user typed it.
 * @param script path that Node runs: the bin, or cli.js itself
 */
export function typedName(script: string, env: Environment, cwd: string): string {
  if (env['npm_command'] === 'exec' || env['npm_lifecycle_event'] === 'npx') return `npx ${NAME}`
  if (env[SCRIPT]) return env[SCRIPT]
  return basename(script) === NAME ? NAME : `node ${relative(cwd, script) || script}`
}

/** What is printed of an error as JSON, with commands as the user types them. */
export function namedError({ code, message, hint }: UserError, named: (text: string) => string) {
  return { code, message: named(message), hint: named(hint) }
}

/** Sentences for the user, in which each command has the name that the user typed. */
export function namingAs(name: string, verbs: readonly string[]): (text: string) => string {
  if (name === NAME) return (text) => text
  const command = new RegExp(`\\b${NAME}(?= (?:--help|(?:${verbs.join('|')})\\b))`, 'g')
  return (text) => text.replace(command, () => name)
}

import { basename, relative } from 'node:path'
import type { Environment } from '../../kit/settings/environment.ts'
import { quoteArgv } from '../host/argv.ts'

/**
 * How to call this program again, as the user would type it.
 * @param script path that Node runs: the bin, or cli.js itself
 */
export function invocation(script: string, env: Environment, cwd: string): string {
  if (env['npm_command'] === 'exec' || env['npm_lifecycle_event'] === 'npx') return 'npx ai-deploy'
  if (basename(script) === 'ai-deploy') return 'ai-deploy'
  return quoteArgv(['node', relative(cwd, script) || script])
}

import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { deployError } from '../errors.ts'
import type { Context } from '../session/context.ts'
import type { OpenServer } from '../session/open-server.ts'
import { commandLine } from '../session/shown/command-line.ts'
import type { Outcome } from '../session/shown/report.ts'
import { deployFrom, localSource } from './deploy.ts'
import { withChosenConfig } from './release-source.ts'

/** Takes a server over from the Python gateway. Its config.yml is saved here if there is none. */
export async function adopt(context: Context): Promise<Outcome> {
  const options = { ...context.options, isAdopting: true }
  const local = localSource(context)
  let config: string | undefined
  const outcome = await deployFrom({ ...context, options }, 'adopt', async (open) => {
    requirePredecessor(context, open)
    const source = await withChosenConfig(context, open, local)
    config = source.files.config
    return source
  })
  const path = join(options.cwd, 'config.yml')
  if (outcome.error !== undefined || options.isDryRun || config === undefined || existsSync(path)) return outcome
  writeFileSync(path, config)
  return { ...outcome, notes: [...(outcome.notes ?? []), "Saved the server's config.yml here; later deploys take it."] }
}

/** @throws UserError USAGE */
function requirePredecessor(context: Context, { facts, layout }: OpenServer): void {
  const { predecessor, live } = facts
  if (predecessor?.isRunning) return
  if (predecessor !== null && live !== null) {
    throw deployError('USAGE', 'this server was taken over already', `deploy as usual: ${commandLine(context)}`)
  }
  throw deployError(
    'USAGE',
    `no Python gateway runs in ${layout.folder} on the server`,
    `name its folder with --path, or make a first deploy: ${commandLine(context)}`,
  )
}

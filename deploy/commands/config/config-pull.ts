import { writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import { canAsk } from '../../../kit/cli/terminal.ts'
import { readTextIfPresent } from '../../../kit/files.ts'
import { deployError } from '../../errors.ts'
import { textDiff } from '../../plan/differences/text-diff.ts'
import type { Context } from '../../session/context.ts'
import { type OpenServer, withServer } from '../../session/open-server.ts'
import type { Outcome } from '../../session/shown/report.ts'
import { readLiveConfig, requireLive } from '../release-source.ts'
import { localConfigPath } from './local-config.ts'

/** Writes config.yml of the live release into the current folder. A file that is there is replaced only after a question. */
export async function pullConfig(context: Context, file: string | undefined): Promise<Outcome> {
  const path = localConfigPath(context, file)
  const { isDryRun } = context.options
  return withServer(context, async (open) => {
    const { manifest } = requireLive(context, open)
    const text = await readLiveConfig(open, manifest.id)
    const before = readTextIfPresent(path)
    const result = { path, release: manifest.id }
    if (before === text) {
      return {
        isDryRun,
        result: { ...result, changed: false },
        lines: [path],
        notes: ['Nothing to do: it is the same.'],
      }
    }
    const shown =
      before === undefined
        ? []
        : textDiff(`${relative(context.options.cwd, path)} here (-) and on the server (+)`, before, text)
    for (const line of shown) context.terminal.err(`${line}\n`)
    if (isDryRun || !(await mayWrite(context, open, before !== undefined))) {
      return { isDryRun, result: { ...result, changed: false }, notes: ['Nothing was changed.'] }
    }
    writeFileSync(path, text)
    return { isDryRun, result: { ...result, changed: true }, lines: [path] }
  })
}

/** @throws UserError USAGE where a file would be replaced, and nobody can be asked */
async function mayWrite(
  { options, terminal }: Context,
  { questions }: OpenServer,
  isReplacing: boolean,
): Promise<boolean> {
  if (!isReplacing || options.isConfirmed) return true
  if (canAsk(terminal)) return questions.confirm('Replace the file here?')
  throw deployError(
    'USAGE',
    'this would replace a file here, and there is no terminal to ask on',
    'run again with --yes',
  )
}

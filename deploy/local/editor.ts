import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Environment } from '../../kit/settings/environment.ts'
import { deployError } from '../errors.ts'

/**
 * Lets the user edit a text in VISUAL, EDITOR or vi, in a file that only they can read and that is removed afterwards.
 * @param name of the file, which tells editors what it holds
 * @throws UserError USAGE if the editor fails
 */
export async function editText(text: string, name: string, env: Environment): Promise<string> {
  const editor = env['VISUAL'] || env['EDITOR'] || 'vi'
  const folder = mkdtempSync(join(tmpdir(), 'ai-deploy-'))
  const path = join(folder, name)
  try {
    writeFileSync(path, text, { mode: 0o600 })
    // The variable may hold arguments too, as in "code --wait".
    const child = spawn('sh', ['-c', `${editor} "$1"`, 'sh', path], { stdio: 'inherit' })
    const [code] = await once(child, 'close')
    if (code !== 0) {
      throw deployError('USAGE', `the editor ${editor} failed; nothing was changed`, 'name another one with EDITOR')
    }
    return readFileSync(path, 'utf8')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

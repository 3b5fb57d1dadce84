import { execFile } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { packageRoot } from '../../../kit/package-root.ts'

const VERSION = '1.15.2'

/** Entry point of the npm package. It is installed apart from our own dependencies: it would add 95 packages to them. */
export async function portkeyEntry(): Promise<string> {
  const folder = join(packageRoot(), 'node_modules', '.cache', 'bench', `portkey-${VERSION}`)
  const entry = join(folder, 'node_modules/@portkey-ai/gateway/build/start-server.js')
  if (!existsSync(entry)) {
    mkdirSync(folder, { recursive: true })
    const args = ['install', '--prefix', folder, '--ignore-scripts', '--no-save', `@portkey-ai/gateway@${VERSION}`]
    await promisify(execFile)('npm', args, { cwd: folder })
  }
  return entry
}

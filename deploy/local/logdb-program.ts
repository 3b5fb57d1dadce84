import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { isObject, parseObject } from '../../kit/json.ts'
import { packageRoot } from '../../kit/package-root.ts'
import { deployError } from '../errors.ts'

export interface LogdbAnswer {
  /** What it found or did; undefined if it printed none. */
  result: Record<string, unknown> | undefined
  /** Undefined if it ended well. */
  problem: { code: string; message: string } | undefined
}

/**
 * Runs the logdb of this package with `--json`, as a separate process: this program works where the driver of SQLite could not
 * be built.
 * @param cwd whose .env it reads
 * @throws UserError LOGS_NOT_PULLED if it is not there
 */
export async function runLogdb(args: readonly string[], cwd: string): Promise<LogdbAnswer> {
  const child = spawn(process.execPath, [program(), ...args, '--json'], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr, [exitCode]] = await Promise.all([
    buffer(child.stdout),
    buffer(child.stderr),
    once(child, 'close'),
  ])
  const { ok, result, error } = parseObject(stdout.toString()) ?? {}
  const found = isObject(result) ? result : undefined
  if (ok === true && exitCode === 0) return { result: found, problem: undefined }
  const { code, message } = isObject(error) ? error : {}
  const said = stderr.toString().trim().split('\n')[0] || `exit code ${exitCode}`
  return { result: found, problem: { code: `${code ?? ''}`, message: `${message ?? said}` } }
}

/** @throws UserError LOGS_NOT_PULLED in a clone that is not built */
function program(): string {
  const path = join(packageRoot(), 'dist/logdb/cli.js')
  if (existsSync(path)) return path
  throw deployError('LOGS_NOT_PULLED', 'logdb is not built here yet', `run npm ci && npm run build in ${packageRoot()}`)
}

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { compiledLogdb } from '../process/compiled-package.ts'
import { SERVER_ID } from './workspace.ts'

/** The compiled logdb in a separate process. @param stdout a file that its stdout goes to, instead of a pipe */
export function startLogdb(
  args: string[],
  { cwd, env = {}, stdout }: { cwd: string; env?: Record<string, string>; stdout?: string },
): ChildProcess {
  return spawn(process.execPath, [compiledLogdb(), ...args], {
    cwd,
    env: { ...process.env, LOGDB_SERVER_ID: SERVER_ID, ...env },
    stdio: ['ignore', stdout === undefined ? 'pipe' : openSync(stdout, 'w'), 'pipe'],
  })
}

export interface Ended {
  code: number | null
  signal: string | null
  stdout: string
  stderr: string
}

/** To be called immediately, so that nothing of its output is missed. */
export async function endOf(child: ChildProcess): Promise<Ended> {
  const [stdout, stderr, [code, signal]] = await Promise.all([
    textOf(child.stdout),
    textOf(child.stderr),
    once(child, 'close'),
  ])
  return { code, signal, stdout, stderr }
}

async function textOf(stream: NodeJS.ReadableStream | null): Promise<string> {
  let text = ''
  for await (const chunk of stream ?? []) text += String(chunk)
  return text
}

import { execFileSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { test } from 'vitest'

/** Absolute path of a program; also looked for where daemons are, which a user's PATH may not name. */
export function findProgram(name: string): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/sbin']
  return folders.map((folder) => join(folder, name)).find(isExecutable) ?? null
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

type NamedTest = (title: string, body: () => void | Promise<void>) => void

/** `test` where these programs are installed; elsewhere it is skipped, and its name says why. */
export function testWith(...programs: string[]): NamedTest {
  const missing = programs.filter((program) => findProgram(program) === null)
  return testWhere(`${missing.join(', ')} is missing`, missing.length === 0)
}

/** `test` where this is root on Linux, as on a server; elsewhere it is skipped, and its name says why. */
export const testAsRoot: NamedTest = testWhere('needs root', process.getuid?.() === 0)

export function testWhere(otherwise: string, isPossible: boolean): NamedTest {
  return (title, body) => {
    if (isPossible) test(title, body)
    else test.skip(`${title} (${otherwise})`, body)
  }
}

/** Stdout of a program that must succeed. */
export function output(program: string, ...args: string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

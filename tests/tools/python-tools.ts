import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../kit/package-root.ts'
import { sha256 } from '../../kit/sha256.ts'

const HERE = join(packageRoot(), 'tests/tools/python')
const REQUIREMENTS = join(HERE, 'requirements.txt')

/** The Python with the tools, installed once for each list of them; undefined if they cannot be installed. */
export function pythonWithTools(): string | undefined {
  const folder = join(
    packageRoot(),
    'node_modules/.cache/python-tools',
    sha256(readFileSync(REQUIREMENTS)).slice(0, 16),
  )
  const python = join(folder, 'bin/python')
  if (existsSync(join(folder, 'complete'))) return python
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(join(folder, '..'), { recursive: true })
  const isMade =
    succeeds('python3', ['-m', 'venv', folder]) && succeeds(python, ['-m', 'pip', 'install', '-q', '-r', REQUIREMENTS])
  if (!isMade) return undefined
  writeFileSync(join(folder, 'complete'), '')
  return python
}

function succeeds(program: string, args: string[]): boolean {
  return spawnSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] }).status === 0
}

/** The JSON that one of our programs in Python prints. */
export function readWith(python: string, program: string, ...args: string[]): unknown {
  return JSON.parse(execFileSync(python, [join(HERE, program), ...args], { encoding: 'utf8', maxBuffer: 2 ** 28 }))
}

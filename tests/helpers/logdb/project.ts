import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, readdirSync, statSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { packageRoot } from '../../../kit/package-root.ts'
import { main } from '../../../logdb/main.ts'
import { compiledLogdb } from '../process/compiled-package.ts'
import { testTerminal } from '../process/test-terminal.ts'
import { tempFolder } from '../temp-folder.ts'

interface Outcome {
  exitCode: number | null
  stdout: string
  stderr: string
}

/** A clone of the project with nothing but what `./scripts/logdb` needs, and logs/. */
export interface Project {
  folder: string
  logs: string
  db: string
  /** Runs a command line, or a script, with `sh` in the folder of the project; only `env` and PATH are in the environment. */
  sh(script: string, env?: Record<string, string>): Outcome
  /** Runs logdb in this process, which takes a tenth of the time: for what is not about the process. */
  run(args: string | string[], env?: Record<string, string>): Promise<Outcome>
}

/** Makes projects, each in an empty folder, that share one compiled logdb: compiling takes a second. */
export function projects(): (folder?: string) => Project {
  const dist = dirname(dirname(compiledLogdb()))
  return (folder = tempFolder()) => {
    const [logs, db] = [join(folder, 'logs'), join(folder, 'logs/db')]
    for (const path of [logs, join(folder, 'scripts')]) mkdirSync(path)
    symlinkSync(dist, join(folder, 'dist'))
    copyFileSync(join(packageRoot(), 'scripts/logdb'), join(folder, 'scripts/logdb'))
    chmodSync(join(folder, 'scripts/logdb'), 0o755)
    return {
      folder,
      logs,
      db,
      sh: (script, env = {}) => sh(folder, script, env),
      run: (args, env = {}) => run(folder, args, env),
    }
  }
}

async function run(cwd: string, args: string | string[], env: Record<string, string>): Promise<Outcome> {
  const terminal = testTerminal({ cwd, env })
  const exitCode = await main(typeof args === 'string' ? args.split(' ') : args, terminal)
  return { exitCode, stdout: terminal.stdout, stderr: terminal.stderr }
}

function sh(cwd: string, script: string, env: Record<string, string>): Outcome {
  const options = { cwd, env: { PATH: process.env['PATH'], TZ: 'UTC', ...env }, encoding: 'utf8' } as const
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script], options)
  return { exitCode: status, stdout, stderr }
}

/** Every partition below a folder, by its path there. */
export function partitionsBelow(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return names.filter((name) => /ai_proxy_[^/]*\.sqlite3$/.test(name) && statSync(join(folder, name)).isFile()).sort()
}

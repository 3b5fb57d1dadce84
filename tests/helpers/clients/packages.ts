import { execFileSync, type StdioOptions } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { describeNeeding } from '../needs.ts'

/** Packages in a folder of their own. */
export interface Installed {
  /** Which of them cannot be had, and why; undefined if all are there. */
  missing: string | undefined
  /** Absolute path of a program of these packages. */
  program: (name: string) => string
}

/** Written when an installation is complete. */
const COMPLETE = '.complete'
const INSTALL_TIMEOUT_MS = 30 * 60_000

/** A package of npm and its version, with the program for this platform that it may bring. */
export function fromNpm(name: string, version: string): Installed {
  return installed(`${name}@${version}`, 'node_modules/.bin', (folder) => {
    // Some packages put the program where it is looked for only by a script of their own.
    const manifest = { private: true, dependencies: { [name]: version }, allowScripts: { [name]: true } }
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
    // What npm started gives its settings to this npm, and `engine-strict` of this project is not meant for others.
    run(folder, 'npm', ['install', '--no-audit', '--no-fund', '--engine-strict=false'])
  })
}

/** Packages of PyPI, such as `llm==0.36`, in an environment of Python. */
export function fromPyPi(...packages: string[]): Installed {
  return installed(packages.join(' '), 'bin', (folder) => {
    run(folder, 'python3', ['-m', 'venv', '.'])
    run(folder, join(folder, 'bin/pip'), ['install', '--quiet', ...packages])
  })
}

/** Packages of several GB: installed only with CLIENTS_LARGE=true, and then used from the cache. */
export function largeFromPyPi(...packages: string[]): Installed {
  const folder = folderOf(packages.join(' '))
  if (existsSync(join(folder, COMPLETE)) || process.env['CLIENTS_LARGE'] === 'true') return fromPyPi(...packages)
  return { missing: `${packages.join(' ')}: large, installed with CLIENTS_LARGE=true`, program: () => '' }
}

/** Tests of programs. Where these cannot be installed, the tests are skipped, and their name has the reason. */
export function describeInstalled({ missing }: Installed): ReturnType<typeof describeNeeding> {
  return describeNeeding(missing ?? '', missing === undefined)
}

/** The folder is in the cache of the user, for later runs. */
function installed(packages: string, programs: string, install: (folder: string) => void): Installed {
  const folder = folderOf(packages)
  const program = (name: string) => join(folder, programs, name)
  if (existsSync(join(folder, COMPLETE))) return { missing: undefined, program }
  process.stderr.write(`Installing ${packages} in ${folder}\n`)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  try {
    install(folder)
  } catch (error) {
    return { missing: `${packages}: ${reasonOf(error)}`, program }
  }
  writeFileSync(join(folder, COMPLETE), '')
  return { missing: undefined, program }
}

function folderOf(packages: string): string {
  return join(cacheFolder(), packages.replaceAll(/[^\w.@-]+/g, '_'))
}

function run(cwd: string, name: string, args: string[]): void {
  const stdio: StdioOptions = ['ignore', 'ignore', 'pipe']
  execFileSync(name, args, { cwd, timeout: INSTALL_TIMEOUT_MS, stdio, encoding: 'utf8' })
}

/** The first line of an installer's complaint. */
function reasonOf(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string }
  return (stderr || message).split('\n').find((line) => /error/i.test(line)) ?? message
}

function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'ai-deploy-clients')
}

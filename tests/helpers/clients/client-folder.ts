import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { tempFolder } from '../temp-folder.ts'

export interface ClientFolder {
  home: string
  /** Where scripts run. */
  project: string
  /** Runs a script of `sh` to its end, and returns its stdout. It throws if the script fails. */
  run: (script: string) => Promise<string>
  /** Starts one, and returns a function that interrupts it as Ctrl-C does and waits for its end. */
  start: (script: string) => () => Promise<void>
}

const TIMEOUT_MS = 120_000
/** Nothing listens there. So a program reaches the gateway, which has no TLS, and nothing else. */
const NO_INTERNET = 'http://127.0.0.1:9'

/**
 * A new home folder for a program, with these files; its environment has nothing of ours. It lives until the end of the test.
 * @param program absolute path; scripts find it by its name
 */
export function clientFolder(program: string, files: Record<string, string> = {}): ClientFolder {
  const home = tempFolder(files)
  const project = join(home, 'project')
  mkdirSync(project, { recursive: true })
  const { PATH = '' } = process.env
  const env = {
    HOME: home,
    PATH: dirname(program) + delimiter + PATH,
    HTTPS_PROXY: NO_INTERNET,
    NO_PROXY: '127.0.0.1',
  }
  const launch = (script: string) => launchIn(project, env, script)
  return {
    home,
    project,
    run: (script) => launch(script).ended,
    start: (script) => {
      const { interrupt, ended } = launch(script)
      ended.catch(() => {})
      return async () => {
        interrupt()
        await ended.catch(() => {})
      }
    },
  }
}

/** In a process group of its own, so that what it started ends with it. */
function launchIn(cwd: string, env: Record<string, string>, script: string) {
  const child = spawn('sh', ['-c', script], { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const kill = (signal: NodeJS.Signals) => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, signal)
  }
  const timer = setTimeout(() => kill('SIGKILL'), TIMEOUT_MS)
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = new Promise<string>((resolve, reject) => {
    child.on('error', reject).on('close', (exitCode, signal) => {
      clearTimeout(timer)
      if (exitCode === 0) resolve(stdout)
      else reject(new Error(`${script} ended with ${exitCode ?? signal}: ${stderr}${stdout}`))
    })
  })
  return { ended, interrupt: () => kill('SIGINT') }
}

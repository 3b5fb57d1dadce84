import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process'
import { connect, createServer } from 'node:net'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { UserError } from '../../../kit/user-error.ts'

export interface RunningProcess {
  pid: number
  stop: () => Promise<void>
  /** At once, whatever it is doing. */
  kill: () => Promise<void>
}

export interface StartOptions {
  cwd: string
  env?: Record<string, string>
  /** It is up when this port of 127.0.0.1 takes connections. */
  port: number
  /** For one that starts slowly. */
  timeoutMs?: number
}

const START_TIMEOUT_MS = 30_000

/** Starts a server with PATH and these variables as its whole environment. */
export async function startServer(command: string[], options: StartOptions): Promise<RunningProcess> {
  const { cwd, env = {}, port, timeoutMs = START_TIMEOUT_MS } = options
  const [program = '', ...args] = command
  const { PATH = '' } = process.env
  const child = spawn(program, args, { cwd, env: { PATH, ...env }, stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-2_000)
  })
  const deadline = Date.now() + timeoutMs
  while (!(await accepts(port))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      child.kill()
      throw didNotStart(command, stderr)
    }
    await sleep(50)
  }
  return { pid: child.pid ?? 0, stop: () => end(child, 'SIGTERM'), kill: () => end(child, 'SIGKILL') }
}

/** The same for a script of ours. */
export function startScript(script: string, args: string[], options: StartOptions): Promise<RunningProcess> {
  return startServer([process.execPath, '--import', import.meta.resolve('tsx'), script, ...args], options)
}

/** Runs a script of ours that ends by itself; its stderr is ours. */
export function spawnScript(script: string, args: string[]): ChildProcessByStdio<null, Readable, null> {
  const command = ['--import', import.meta.resolve('tsx'), script, ...args]
  return spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] })
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address ? address.port : 0
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

async function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = new Promise((resolve) => child.once('exit', resolve))
  child.kill(signal)
  await exited
}

function didNotStart(command: string[], stderr: string): UserError {
  return new UserError('SERVER_NOT_STARTED', `${command[0]} did not start: ${stderr.trim() || 'it said nothing'}`, {
    hint: `try it by hand: ${command.join(' ')}`,
  })
}

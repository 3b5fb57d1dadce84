import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sleep } from 'zx'
import { hasErrorCode, type UserError } from '../../../kit/user-error.ts'
import { rigError } from '../errors.ts'
import { isListening } from './ports.ts'

const POLL_MS = 100
const STOP_LIMIT_MS = 20_000

/** A process that outlives this one. `<folder>/<name>.pid` identifies it, `<name>.log` holds its output. */
export interface Daemon {
  folder: string
  name: string
}

interface DaemonProcess {
  pid: number
  /** Clock ticks between boot and the start of the process. The system reuses pids; together the two are unique. */
  startTicks: string
}

export interface DaemonOptions {
  cwd?: string
  env?: Record<string, string>
}

/** Starts the daemon unless it is running. */
export function startDaemon(daemon: Daemon, argv: string[], { cwd = '/', env = {} }: DaemonOptions = {}): void {
  if (isDaemonAlive(daemon)) return
  mkdirSync(daemon.folder, { recursive: true })
  const [command = '', ...args] = argv
  const log = openSync(logFile(daemon), 'a')
  const child = spawn(command, args, {
    detached: true,
    stdio: ['ignore', log, log],
    cwd,
    env: { ...process.env, ...env },
  })
  closeSync(log)
  // Without a listener a missing command would end this process. The caller notices that nothing listens.
  child.on('error', () => {})
  child.unref()
  if (child.pid === undefined) return
  const started: DaemonProcess = { pid: child.pid, startTicks: startTicksOf(child.pid) ?? '' }
  writeFileSync(pidFile(daemon), JSON.stringify(started))
}

export function isDaemonAlive(daemon: Daemon): boolean {
  return runningProcess(daemon) !== undefined
}

/** Asks the daemon to end, and kills it if it does not. Does nothing if it is not running. */
export async function stopDaemon(daemon: Daemon): Promise<void> {
  const running = runningProcess(daemon)
  if (running) {
    process.kill(running.pid, 'SIGTERM')
    const deadlineMs = Date.now() + STOP_LIMIT_MS
    while (isDaemonAlive(daemon) && Date.now() < deadlineMs) await sleep(POLL_MS)
    if (isDaemonAlive(daemon)) process.kill(running.pid, 'SIGKILL')
  }
  rmSync(pidFile(daemon), { force: true })
}

/**
 * Returns once the daemon listens on this address.
 * @throws UserError RIG_DAEMON with the end of its log if it ended or does not listen in time
 */
export async function waitUntilListening(daemon: Daemon, host: string, port: number, limitMs = 20_000): Promise<void> {
  const deadlineMs = Date.now() + limitMs
  while (!(await isListening(host, port))) {
    if (!isDaemonAlive(daemon) || Date.now() > deadlineMs) throw notListening(daemon, host, port)
    await sleep(POLL_MS)
  }
}

export function logFile({ folder, name }: Daemon): string {
  return join(folder, `${name}.log`)
}

function pidFile({ folder, name }: Daemon): string {
  return join(folder, `${name}.pid`)
}

function notListening(daemon: Daemon, host: string, port: number): UserError {
  const log = readFileIfAny(logFile(daemon))?.trimEnd().split('\n').slice(-10).join('\n')
  const ending = log ? `:\n${log}` : ''
  const hint = `read ${logFile(daemon)}, then run "npm run rig -- up" again`
  return rigError('RIG_DAEMON', `${daemon.name} does not listen on ${host}:${port}${ending}`, hint)
}

function runningProcess(daemon: Daemon): DaemonProcess | undefined {
  const text = readFileIfAny(pidFile(daemon))
  if (!text) return undefined
  const recorded = JSON.parse(text) as DaemonProcess
  return startTicksOf(recorded.pid) === recorded.startTicks ? recorded : undefined
}

/**
 * Field 22 of /proc/PID/stat. The process name before it is in parentheses and may contain spaces.
 * @returns undefined if the process has ended, also if it is a zombie
 */
function startTicksOf(pid: number): string | undefined {
  const stat = readFileIfAny(`/proc/${pid}/stat`)
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields?.[0] === 'Z' ? undefined : fields?.[19]
}

function readFileIfAny(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    // ESRCH: the process ended between open and read.
    if (hasErrorCode(error, 'ENOENT') || hasErrorCode(error, 'ESRCH')) return undefined
    throw error
  }
}

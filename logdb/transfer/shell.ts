import { spawn } from 'node:child_process'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { hasErrorCode } from '../../kit/user-error.ts'
import { logdbError } from '../error-table.ts'

/** Where a script runs: here, or on another machine as the system's ssh reaches it. */
export interface Machine {
  /** `[user@]host`; undefined for this machine. */
  host: string | undefined
  /** A file for `ssh -F`. */
  sshConfig: string | undefined
  /** The user can answer what ssh asks. */
  canAsk: boolean
  signal: AbortSignal | undefined
}

/** What programs say is looked at, so it must be in English. */
const IN_ENGLISH = 'LC_ALL=C; export LC_ALL; '

/** What ssh exits with when the connection fails. */
const SSH_FAILED = 255
const FULL = /No space left|Disk quota exceeded/
/** A connection that is gone is noticed after half a minute. */
const ALIVE = ['-o', 'ServerAliveInterval=10', '-o', 'ServerAliveCountMax=3']

/**
 * Runs an `sh` script, which takes arguments and perhaps bytes on stdin, and returns what it prints.
 * @param script on one line, since not every login shell takes a line feed in quotes
 * @throws UserError REMOTE_UNREACHABLE, DISK_FULL, TRANSFER_FAILED
 */
export async function runScript(
  machine: Machine,
  script: string,
  args: readonly (string | number)[],
  stdin: AsyncIterable<Buffer> = Readable.from([]),
): Promise<string> {
  machine.signal?.throwIfAborted()
  const command = ['sh', '-c', IN_ENGLISH + script, 'sh', ...args.map(String)]
  const [program = '', ...rest] = machine.host === undefined ? command : sshOf(machine, machine.host, command)
  const child = spawn(program, rest, {
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(machine.signal && { signal: machine.signal }),
  })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', (error) => reject(hasErrorCode(error, 'ENOENT') ? notInstalled(program) : error))
    child.once('close', resolve)
  })
  // A command that ends early says why itself.
  const sending = pipeline(stdin, child.stdin).catch((error: unknown) => error)
  const [exitCode, stdout, stderr, broken] = await Promise.all([ended, text(child.stdout), text(child.stderr), sending])
  if (exitCode !== 0) throw failureOf(machine, exitCode, stderr.trim())
  if (broken !== undefined) throw broken
  return stdout
}

function sshOf({ sshConfig, canAsk }: Machine, host: string, command: readonly string[]): string[] {
  return [
    'ssh',
    ...(sshConfig === undefined ? [] : ['-F', sshConfig]),
    ...(canAsk ? [] : ['-o', 'BatchMode=yes']),
    ...ALIVE,
    '-T',
    '--',
    host,
    command.map(quoted).join(' '),
  ]
}

/** For any shell that may be the login shell. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}

function notInstalled(program: string) {
  const hint = 'install it, for example the package openssh-client, or name another destination'
  return logdbError('REMOTE_UNREACHABLE', `the program ${program} is not installed here`, hint)
}

function failureOf({ host }: Machine, exitCode: number | null, said: string) {
  const reason = said === '' ? `exit code ${exitCode}` : said
  const full = said.split('\n').find((line) => FULL.test(line))
  if (full !== undefined) {
    const hint = 'free some space there and run the command again, which continues'
    return logdbError('DISK_FULL', `there is no space at the destination: ${full}`, hint)
  }
  if (host !== undefined && (exitCode === SSH_FAILED || exitCode === null)) {
    const hint = `this must work: ssh ${host} true; then run the command again, which continues`
    return logdbError('REMOTE_UNREACHABLE', `the connection to ${host} failed: ${reason}`, hint)
  }
  const hint = 'check the destination, and that this user may write there'
  return logdbError('TRANSFER_FAILED', `the destination cannot be written: ${reason}`, hint)
}

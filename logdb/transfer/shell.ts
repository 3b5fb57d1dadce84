import { Readable } from 'node:stream'
import { logdbError } from '../error-table.ts'
import type { Ended, Machine } from './machine.ts'

/** What programs say is looked at, so it must be in English. */
const IN_ENGLISH = 'LC_ALL=C; export LC_ALL; '

/** What ssh exits with when the connection fails. */
const SSH_FAILED = 255
const FULL = /No space left|Disk quota exceeded/

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
  const end = await machine.run(['sh', '-c', IN_ENGLISH + script, 'sh', ...args.map(String)], stdin)
  if (end.exitCode !== 0) throw failureOf(machine, end)
  return end.stdout
}

function failureOf({ host }: Machine, { exitCode, stderr }: Ended) {
  const said = stderr.trim()
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

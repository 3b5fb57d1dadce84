import { setTimeout as delay } from 'node:timers/promises'
import type { Terminal } from '../../../kit/cli/terminal.ts'
import { UserError } from '../../../kit/user-error.ts'
import { type Host, run } from '../../host/host.ts'
import { awaitLock } from '../../remote/lock.ts'
import { parseLockLine } from '../../server/lock/lock-line.ts'

const PAUSE_MS = 1000

export interface Waiting {
  host: Host
  /** Folder of the gateway. */
  folder: string
  terminal: Terminal
}

/** True if somebody else was faster, so that the same may work later. */
export function isOvertaken(error: unknown): boolean {
  return error instanceof UserError && ['LOCKED', 'SERVER_CHANGED'].includes(error.code)
}

/**
 * Waits until nobody holds the lock, and says for whom.
 * @param until by performance.now()
 * @returns false if the time is over
 */
export async function waitForLock({ host, folder, terminal }: Waiting, until: number): Promise<boolean> {
  const leftS = Math.ceil((until - performance.now()) / 1000)
  if (leftS <= 0) return false
  const onLine = (line: string) => {
    if (!line.startsWith('busy ')) return
    terminal.err(`Waiting for ${parseLockLine(line.slice('busy '.length)).holder} (at most ${leftS} s).\n`)
  }
  const output = await run(host, 'wait for the lock', awaitLock(folder, leftS), { onLine })
  // It became free in between, or cannot be taken at all.
  if (output === 'free\n') await delay(PAUSE_MS)
  return output.endsWith('free\n')
}

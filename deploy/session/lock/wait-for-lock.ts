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
  /** Until when, by performance.now(). */
  until: number
  terminal: Terminal
}

/** True if somebody else was faster, so that the same may work later. */
export function isOvertaken(error: unknown): boolean {
  return error instanceof UserError && ['LOCKED', 'SERVER_CHANGED'].includes(error.code)
}

/** Waits until nobody holds the lock, and says for whom. @returns false if the time is over */
export async function waitForLock({ host, folder, until, terminal }: Waiting): Promise<boolean> {
  await delay(PAUSE_MS)
  const leftS = Math.ceil((until - performance.now()) / 1000)
  if (leftS <= 0) return false
  const onLine = (line: string) => {
    if (!line.startsWith('busy ')) return
    terminal.err(`Waiting for ${parseLockLine(line.slice('busy '.length)).holder} (at most ${leftS} s).\n`)
  }
  return (await run(host, 'wait for the lock', awaitLock(folder, leftS), { onLine })).endsWith('free\n')
}

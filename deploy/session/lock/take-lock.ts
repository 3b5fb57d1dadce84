import { randomBytes } from 'node:crypto'
import { deployError } from '../../errors.ts'
import type { Host, RemoteProcess } from '../../host/host.ts'
import { readUntil } from '../../host/read-until.ts'
import { untilEnded } from '../../host/until-ended.ts'
import { BEAT, GOODBYE, holdLock } from '../../remote/lock.ts'
import type { Facts } from '../../server/facts.ts'
import type { ServerLayout } from '../../server/layout.ts'
import { parseLockLine } from '../../server/lock/lock-line.ts'
import { splitOnce } from '../../server/pairs.ts'

/** How long the server waits for a sign of life before it takes the lock away. */
const SILENCE_S = 30
const BEAT_MS = 5000
const END_WAIT_MS = 2000

export interface LockHolder {
  /** Who it is, since when and why; one line for others. */
  name: string
  /** Line of the audit that the server writes if we are lost. */
  lostLine: string
}

/** The lock, as long as the connection lives and nobody takes it away. */
export interface Lock {
  /** Carried by every command that changes the server. */
  token: string
  /** Ends when the lock has ended. */
  stdout: RemoteProcess['stdout']
  /** Frees it. */
  end(): Promise<void>
}

/**
 * Keeps others from changing the server until the returned lock ends, and makes sure that it is still as the facts have
 * it. @throws UserError LOCKED, SERVER_CHANGED
 */
export async function takeLock(
  host: Host,
  layout: ServerLayout,
  facts: Facts,
  { name, lostLine }: LockHolder,
): Promise<Lock> {
  const token = randomBytes(16).toString('hex')
  const watched = [layout.env, layout.route, layout.hold]
  const request = { folder: layout.folder, holder: name, token, silenceS: SILENCE_S, lostLine, watched }
  const held = await host.start(holdLock(request))
  const [line = ''] = (await readUntil(held.stdout, /\n/)).split('\n', 1)
  const [word, rest] = splitOnce(line, ' ')
  const end = async () => {
    if (held.stdout.readableEnded) return
    held.write(GOODBYE)
    held.end()
    // Silent when the connection is.
    await untilEnded(held.stdout, END_WAIT_MS)
  }
  if (word === 'held' && rest === facts.watchedDigest) return withBeat(held, token, end)
  await end()
  if (word === 'held') {
    throw deployError('SERVER_CHANGED', 'the server was changed after the plan was made', 'run again to see a new plan')
  }
  if (word === 'busy') throw locked(parseLockLine(rest).holder)
  throw deployError(
    'LOCKED',
    `cannot take the lock ${layout.lock}`,
    'check that the server has flock (package util-linux) and free space',
  )
}

function locked(holder: string) {
  return deployError(
    'LOCKED',
    `another deploy is running there: ${holder || 'unknown'}`,
    'wait for it with --lock-wait 5m, or end it with ai-deploy unlock',
  )
}

function withBeat(held: RemoteProcess, token: string, end: () => Promise<void>): Lock {
  const beating = setInterval(() => held.write(BEAT), BEAT_MS).unref()
  held.stdout.once('close', () => clearInterval(beating))
  return {
    token,
    stdout: held.stdout,
    end: () => {
      clearInterval(beating)
      return end()
    },
  }
}

import { once } from 'node:events'
import { deployError } from '../errors.ts'
import type { Host, RemoteProcess } from '../host/host.ts'
import { holdLock } from '../remote/lock.ts'
import type { Facts } from '../server/facts.ts'
import type { ServerLayout } from '../server/layout.ts'
import { splitOnce } from '../server/pairs.ts'

/**
 * Keeps others from changing the server until the returned process ends, and makes sure that it is still as the facts have
 * it. @throws UserError LOCKED, SERVER_CHANGED
 */
export async function takeLock(host: Host, layout: ServerLayout, facts: Facts, holder: string): Promise<RemoteProcess> {
  const held = await host.start(holdLock(layout.folder, holder, [layout.env, layout.route]))
  const [word, rest] = splitOnce(await firstLine(held), ' ')
  if (word === 'held' && rest === facts.watchedDigest) return held
  held.end()
  if (word === 'held') {
    throw deployError('SERVER_CHANGED', 'the server was changed after the plan was made', 'run again to see a new plan')
  }
  if (word === 'busy') {
    throw deployError('LOCKED', `another deploy is running there: ${rest || 'unknown'}`, 'wait for it, then run again')
  }
  throw deployError(
    'LOCKED',
    `cannot take the lock ${layout.lock}`,
    'check that the server has flock (package util-linux) and free space',
  )
}

async function firstLine({ stdout }: RemoteProcess): Promise<string> {
  let text = ''
  stdout.setEncoding('utf8')
  stdout.on('data', (chunk: string) => {
    text += chunk
  })
  while (!text.includes('\n')) {
    const isEnded = await Promise.race([once(stdout, 'data').then(() => false), once(stdout, 'end').then(() => true)])
    if (isEnded) break
  }
  return text.split('\n')[0] ?? ''
}

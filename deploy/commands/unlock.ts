import { deployError } from '../errors.ts'
import { run } from '../host/host.ts'
import { awaitLock, breakLock } from '../remote/lock.ts'
import { type LockLine, parseLockLine } from '../server/lock/lock-line.ts'
import { confirm } from '../session/carry-out.ts'
import type { Context } from '../session/context.ts'
import { actorOf } from '../session/lock/holder.ts'
import { type OpenServer, withServer } from '../session/open-server.ts'
import type { Outcome } from '../session/shown/report.ts'

/** Ends what another run does on the server, and takes its lock away. What it has begun, the next deploy repairs. */
export async function unlock(context: Context): Promise<Outcome> {
  const { options, terminal } = context
  const { isDryRun } = options
  return withServer(context, async (open) => {
    const held = await findHolder(open)
    if (held === undefined) {
      return { isDryRun, result: { changed: false, holder: null }, notes: ['Nothing to do: nobody holds the lock.'] }
    }
    const { holder } = held
    terminal.err(`On ${options.host}:\n  - end what runs there for ${holder}, and free the lock\n`)
    if (isDryRun || !(await confirm(context, open))) {
      return { isDryRun, result: { changed: false, holder }, notes: ['Nothing was changed.'] }
    }
    await takeAway(context, open, held)
    return {
      isDryRun,
      result: { changed: true, holder },
      notes: ['The lock is free. A deploy repairs what was begun.'],
    }
  })
}

async function findHolder({ connection, layout }: OpenServer): Promise<LockLine | undefined> {
  const output = await run(connection.host, `look at ${layout.lock}`, awaitLock(layout.folder, 0))
  const [, line] = /^busy (.*)/.exec(output) ?? []
  return line === undefined || output.endsWith('free\n') ? undefined : parseLockLine(line)
}

/** @throws UserError LOCKED */
async function takeAway(context: Context, { connection, layout }: OpenServer, held: LockLine): Promise<void> {
  const actor = actorOf(connection)
  const entry = {
    at: context.now.toISOString(),
    actor,
    verb: 'unlock',
    release: null,
    result: 'ok',
    holder: held.holder,
  }
  const stdin = `${JSON.stringify(entry)}\n`
  const result = await run(connection.host, 'free the lock', breakLock(layout.folder, held.token), { stdin })
  if (result === 'changed\n') throw deployError('LOCKED', 'somebody else holds the lock now', 'run again to see who')
  if (result !== 'stuck\n') return
  throw deployError(
    'LOCKED',
    `what runs for ${held.holder} cannot be ended`,
    'look at it on the server, and restart the server if nothing else helps',
  )
}

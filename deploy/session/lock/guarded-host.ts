import type { UserError } from '../../../kit/user-error.ts'
import { deployError } from '../../errors.ts'
import type { ExecResult, Host } from '../../host/host.ts'
import { LOCK_LOST, underLock } from '../../remote/lock.ts'

/** A server on which every command needs the lock that has this token. Commands throw UserError LOCK_LOST without it. */
export function guardedHost(host: Host, folder: string, token: string): Host {
  return {
    name: host.name,
    address: host.address,
    counts: host.counts,
    async exec(argv, options) {
      const result = await host.exec(underLock(folder, token, argv), options)
      if (isRefused(result)) throw lockLost()
      return result
    },
    start: (argv) => host.start(underLock(folder, token, argv)),
    connect: (port, address) => host.connect(port, address),
    close: () => host.close(),
  }
}

/** sudo may have said something before. */
function isRefused({ exitCode, stderr }: ExecResult): boolean {
  return exitCode === LOCK_LOST.exitCode && stderr.trimEnd().endsWith(LOCK_LOST.stderr)
}

function lockLost(): UserError {
  return deployError(
    'LOCK_LOST',
    'the lock on the server is lost: nothing was heard from here for 30 s, or somebody has taken it away',
    'look who changed the server with ai-deploy audit, then run the same command again',
  )
}

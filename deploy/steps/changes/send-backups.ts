import { describeTarget, readCopySettings } from '../../../kit/backup-copy/copy-settings.ts'
import type { CopyResult } from '../../../kit/backup-copy/jobs.ts'
import { parseDotenv } from '../../../kit/settings/dotenv.ts'
import { errorMessage } from '../../../kit/user-error.ts'
import { isCutOff } from '../../errors.ts'
import { run } from '../../host/host.ts'
import { type BackupCopy, renderBackupCopies } from '../../server/backup/backup-copies.ts'
import { backupsToSend } from '../../server/backup/backup-order.ts'
import { copyProblem, placeCopyJob } from '../../server/backup/run-copy-job.ts'
import type { Facts } from '../../server/facts.ts'
import { putFile } from '../../server/transfer.ts'
import type { Definition, Server } from '../definition.ts'

/**
 * Sends the backups that are not elsewhere yet. It comes late, when nobody waits for it. One that does not arrive is a
 * warning, and the next change sends it.
 */
export const sendBackups: Definition<'send-backups'> = {
  describe: ({ to, isEncrypted }) => [`send backups to ${to}${isEncrypted ? ', encrypted' : ', in clear'}`],
  cost: () => 'the traffic of the backups that are not there yet',
  title: 'Send backups',
  async run({ image }, server) {
    try {
      return await send(image, server)
    } catch (error) {
      if (server.signal.aborted || isCutOff(error)) throw error
      server.warn(`the backups were not sent: ${errorMessage(error)}`)
      return 'The backups were not sent'
    }
  },
  undo: () => undefined,
  settles: 'before',
}

/** The settings are read on the server only now, so that no plan holds a secret. */
async function send(image: string, server: Server): Promise<string | { done: string; facts: Facts }> {
  const { host, layout, facts, signal } = server
  const settings = await readCopySettings(
    parseDotenv(await run(host, `read ${layout.env}`, ['cat', layout.env])).values,
  )
  if (settings === undefined) return 'BACKUP_TO is not set any more'
  const to = describeTarget(settings.target)
  const names = backupsToSend(facts.backups, facts.copies, to)
  if (names.length === 0) return `All backups are in ${to}`
  const { target, recipients } = settings
  const command = await placeCopyJob({ host, layout, image }, { verb: 'send', target, recipients, names })
  const { exitCode, stdout, stderr } = await host.exec(command, { signal })
  if (exitCode !== 0) throw new Error(copyProblem(stderr) || `exit code ${exitCode}`)
  const results = stdout
    .split('\n')
    .filter(Boolean)
    .map((line): CopyResult => JSON.parse(line))
  for (const warning of warningsOf(results, to)) server.warn(warning)
  const arrived = results.flatMap((result) => ('problem' in result ? [] : [copyFrom(result, to, server.now)]))
  if (arrived.length === 0) return `No backup arrived at ${to}`
  const copies = [...facts.copies, ...arrived]
  await putFile(host, layout.copies, renderBackupCopies(copies), { mode: '600' })
  return { done: `Sent ${arrived.map(({ storedAs }) => storedAs).join(', ')} to ${to}`, facts: { ...facts, copies } }
}

function copyFrom({ name, storedAs, sizeBytes, sha256 }: Sent, to: string, now: Date): BackupCopy {
  return { name, to, storedAs, at: now.toISOString(), sizeBytes, sha256 }
}

type Sent = Extract<CopyResult, { sha256: string }>

/** One for each problem. */
function warningsOf(results: readonly CopyResult[], to: string): string[] {
  const failed = results.filter((result) => 'problem' in result)
  const problems = [...new Set(failed.map(({ problem }) => problem))]
  return problems.map((problem) => {
    const same = failed.filter((result) => result.problem === problem)
    return `${same.map(({ name }) => name).join(', ')} did not arrive at ${to}: ${problem}; ${same[0]?.hint}`
  })
}

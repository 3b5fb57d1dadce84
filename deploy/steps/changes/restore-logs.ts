import { isObject, parseObject } from '../../../kit/json.ts'
import { deployError } from '../../errors.ts'
import { restoreLogs as restoreLogsScript } from '../../remote/backup/log-folder.ts'
import { containerName } from '../../server/instance.ts'
import type { Definition, Server } from '../definition.ts'

/**
 * The log databases of a backup come back: never into a folder with others, and without what was forgotten meanwhile. It
 * comes when the image is there and the gateway answers. There is nothing to undo: the folder is replaced at the end.
 */
export const restoreLogs: Definition<'restore-logs'> = {
  describe({ id, isReplacing, inconsistent }) {
    const aside = isReplacing
      ? `; the present ones move to logs/db.before-${id}, and what they have forgotten or do not retain is removed`
      : ''
    return [
      `put its log databases in place${aside}`,
      ...(inconsistent.length > 0
        ? [`put ${inconsistent.length} that may be damaged into logs/db.inconsistent-${id}: ${inconsistent.join(', ')}`]
        : []),
    ]
  },
  title: 'Put the log databases in place',
  async run({ source, id, owner, inconsistent, image, instance, granularity }, server) {
    const { host, layout, signal } = server
    const command = restoreLogsScript({
      folder: layout.folder,
      source,
      id,
      owner: `${owner.uid}:${owner.gid}`,
      image,
      container: containerName(instance),
      granularity,
      inconsistent,
    })
    const { exitCode, stdout, stderr } = await host.exec(command, { signal })
    const report = reportOf(stdout)
    if (exitCode !== 0) throw notRestored(report.problem ?? (stderr.trim() || `exit code ${exitCode}`))
    warn(server, stdout, report)
    return 'Put the log databases of the backup in place'
  },
  undo: () => undefined,
}

interface Report {
  warnings: string[]
  problem: string | undefined
}

/** Of logdb's document; a logdb that does not know the verb prints another one, or none. */
function reportOf(stdout: string): Report {
  const { warnings, error } = parseObject(stdout.split('\n')[0] ?? '') ?? {}
  return {
    warnings: Array.isArray(warnings) ? warnings.map(String) : [],
    problem: isObject(error) ? String(error['message']) : undefined,
  }
}

function warn(server: Server, stdout: string, { warnings }: Report): void {
  for (const warning of warnings) server.warn(warning)
  if (stdout.trimEnd().endsWith('unknown')) {
    server.warn('the logdb of this backup is too old to read every log again: what its databases miss stays missing')
  }
}

function notRestored(problem: string) {
  return deployError(
    'LOGS_NOT_RESTORED',
    `the gateway runs, but its log databases could not be put in place: ${problem}`,
    'the databases that were there stay as they are; when the cause is gone, run the same command again',
  )
}

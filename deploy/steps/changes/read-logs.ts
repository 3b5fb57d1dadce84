import { readLogs as readLogsCommand } from '../../remote/backup/log-folder.ts'
import type { Definition } from '../definition.ts'

/** Comes last, since it can take long and the gateway does not need it. The next `logdb ingest` does what this one cannot. */
export const readLogs: Definition<'read-logs'> = {
  describe: () => ['read all logs into the log databases again'],
  title: 'Read the logs again',
  async run(_change, { host, layout, signal, warn }, report) {
    const { exitCode, stdout, stderr } = await host.exec(readLogsCommand(layout.logdb), { signal, onLine: report })
    if (exitCode === 0) return 'Read the logs into the log databases'
    const [problem = `exit code ${exitCode}`] = (stderr.trim() || stdout.trim()).split('\n')
    warn(`the logs were not read again: ${problem}; run ${layout.logdb} ingest on the server`)
    return 'The logs were not read'
  },
  undo: () => undefined,
  settles: 'before',
}

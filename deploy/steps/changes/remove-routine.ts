import { run } from '../../host/host.ts'
import { unschedule } from '../../remote/logdb/schedule.ts'
import type { Definition } from '../definition.ts'

export const removeRoutine: Definition<'remove-routine'> = {
  describe: () => ['run logdb auto no longer'],
  explain: () => ['.env turns it off: LOGDB_ROUTINE=never or LOGDB_ENABLED=false'],
  title: 'Run logdb auto no longer',
  async run(_change, { host, layout }) {
    await run(host, 'stop the routine', unschedule(layout.folder))
    return 'logdb auto runs no longer'
  },
  undo: () => undefined,
  settles: 'before',
}

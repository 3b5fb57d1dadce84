import { CommandFailed, run } from '../../host/host.ts'
import { schedule } from '../../remote/logdb/schedule.ts'
import { putFile } from '../../server/transfer.ts'
import type { Definition } from '../definition.ts'

/** Not undone: it runs logdb of the release that answers, whichever that is. The gateway works without it. */
export const placeRoutine: Definition<'place-routine'> = {
  describe: ({ often, scheduler }) => {
    return [`run logdb auto ${often} with ${scheduler === 'systemd' ? 'a timer of systemd' : "root's crontab"}`]
  },
  explain: (_change, { routine: { script, entry } }) => {
    if (script === undefined) return ['it reads the logs into the log database; LOGDB_ROUTINE=never turns it off']
    return [entry.length === 0 ? 'nothing calls it any more' : 'its files are not those of this version and of .env']
  },
  title: 'Run logdb auto regularly',
  async run({ scheduler, often, script, entry }, { host, layout, warn }) {
    try {
      await putFile(host, layout.routine, script, { mode: '755' })
      await run(host, 'make the server call it', schedule(scheduler, entry))
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error
      warn(`logdb auto does not run regularly: ${error.message}; the next deploy tries again`)
      return 'logdb auto does not run regularly'
    }
    return `logdb auto runs ${often}`
  },
  undo: () => undefined,
  settles: 'before',
}

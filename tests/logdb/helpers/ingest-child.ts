import { writeSync } from 'node:fs'
import { ingest } from '../../../logdb/ingest/ingest.ts'
import { readSettings } from '../../../logdb/settings.ts'
import { SERVER_ID } from './server-id.ts'

/** `ingest-child.ts FROM OUT [N]`: ingests and, with N, kills itself after the N-th commit of rows. */
const [from = '', out = '', killAfter] = process.argv.slice(2)
const STDOUT = 1

let commits = 0
writeSync(STDOUT, 'ready\n')
await ingest({
  from,
  out,
  settings: readSettings({ LOGDB_SERVER_ID: SERVER_ID }),
  onProgress: () => {
    commits++
    if (killAfter !== undefined && commits === Number(killAfter)) process.kill(process.pid, 'SIGKILL')
  },
})

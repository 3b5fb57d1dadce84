import { run } from '../../host/host.ts'
import * as files from '../../remote/files.ts'
import { putFile } from '../../server/transfer.ts'
import type { Definition } from '../definition.ts'
import { orUploadFails } from '../or-fail.ts'

const OWNER_ONLY = { mode: '600' }

export const writeEnv: Definition<'write-env'> = {
  describe: ({ uploaded, hasNewKey, changed, removed, rebuiltFrom }) => [
    ...(rebuiltFrom === null ? [] : [`write the lost .env again, from release ${rebuiltFrom} and the edge`]),
    ...(uploaded.length > 0 ? [`take over your .env: ${uploaded.join(', ')}`] : []),
    ...(hasNewKey ? ['make an API key'] : []),
    ...(changed.length > 0 ? [`set in the server's .env: ${changed.join(', ')}`] : []),
    ...(removed.length > 0 ? [`remove from the server's .env: ${removed.join(', ')}`] : []),
  ],
  title: 'Write .env',
  async run({ text }, { host, layout }) {
    await orUploadFails(() => putFile(host, layout.env, text, OWNER_ONLY))
    return `Wrote ${layout.env}`
  },
  undo: (_change, { host, layout, facts: { env } }) => ({
    what: 'put .env back',
    async action() {
      if (env === null) await run(host, 'remove .env', files.removeTree(layout.env))
      else await putFile(host, layout.env, env, OWNER_ONLY)
    },
  }),
}

import { textDiff } from '../../plan/differences/text-diff.ts'
import { putFile } from '../../server/transfer.ts'
import type { Definition } from '../definition.ts'
import { orUploadFails } from '../or-fail.ts'

/** Not undone: it works with any release. */
export const writeLogdbScript: Definition<'write-logdb-script'> = {
  describe: () => ['put scripts/logdb there'],
  explain: ({ text }, { logdbScript }) =>
    logdbScript === null ? ['there is none yet'] : textDiff('scripts/logdb', logdbScript, text),
  title: 'Write scripts/logdb',
  async run({ text }, { host, layout }) {
    await orUploadFails(() => putFile(host, layout.logdb, text, { mode: '755' }))
    return `Wrote ${layout.logdb}`
  },
  undo: () => undefined,
}

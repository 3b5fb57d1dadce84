import { run } from '../../host/host.ts'
import * as files from '../../remote/files.ts'
import type { Definition } from '../definition.ts'

export const removePreviousCertificates: Definition<'remove-previous-certificates'> = {
  describe: () => [],
  explain: () => ['remove the previous certificates'],
  title: 'Remove the previous certificates',
  async run(_change, { host, layout }) {
    await run(host, 'remove the previous certificates', files.removeTree(layout.previousCerts))
    return 'Removed the previous certificates; the backup that was just made contains them'
  },
  undo: () => undefined,
  settles: 'before',
}

import { run } from '../../host/host.ts'
import * as files from '../../remote/files.ts'
import type { Definition } from '../definition.ts'
import { orUploadFails } from '../or-fail.ts'

export const makeFolders: Definition<'make-folders'> = {
  describe: ({ missing }) => (missing.length > 0 ? [`make the missing folders again: ${missing.join(', ')}`] : []),
  explain: ({ missing }, { missingFolders }) =>
    missing.length > 0 || missingFolders.length === 0 ? [] : [`make the folders ${missingFolders.join(', ')}`],
  title: 'Make the folders',
  async run({ uid, gid }, { host, layout }) {
    await orUploadFails(() => run(host, 'make the folders', files.makeFolders(layout.folder, uid, gid)))
    return `${layout.folder} has its folders`
  },
  undo: () => undefined,
}

import { run } from '../../host/host.ts'
import { removeTorn as remove } from '../../remote/torn.ts'
import type { Definition } from '../definition.ts'
import { dropRouteCopies } from '../route-file.ts'

export const removeTorn: Definition<'remove-torn'> = {
  describe: () => ['remove the half-written files of a run that was cut off'],
  title: 'Remove half-written files',
  async run({ hasRoutes }, server) {
    const { host, layout } = server
    if (hasRoutes) await dropRouteCopies(server)
    await run(host, 'remove half-written files', remove(layout.folder))
    return 'Removed half-written files'
  },
  undo: () => undefined,
}

import type { Change } from '../../plan/change.ts'
import * as files from '../../remote/files.ts'
import { CONTEXT_FOLDER } from '../../server/manifest.ts'
import { sendTar } from '../../server/transfer.ts'
import type { Definition, Server } from '../definition.ts'
import { orUploadFails } from '../or-fail.ts'

/** Not undone: a release that nothing names is not used, and a later clean-up removes it. */
export const uploadRelease: Definition<'upload-release'> = {
  describe: () => [],
  explain({ release: { manifest }, context }) {
    const count = Object.keys(manifest.files).length
    return [context.kind === 'server' ? `take its ${count} files from the server` : `upload its ${count} files`]
  },
  title: 'Upload the release',
  async run(change, server) {
    await orUploadFails(() => send(change, server))
    return `Uploaded release ${change.release.manifest.id}`
  },
  undo: () => undefined,
}

async function send({ release, context }: Change<'upload-release'>, server: Server): Promise<void> {
  const { host, layout, signal, buildContext } = server
  const folder = layout.release(release.manifest.id)
  const what = 'upload the release'
  if (context.kind === 'server') {
    await sendTar(host, what, release.files, files.unpackFolder(folder, context.folder), signal)
    return
  }
  const sources = buildContext.map(({ path, content }) => ({ path: `${CONTEXT_FOLDER}/${path}`, content }))
  await sendTar(host, what, [...sources, ...release.files], files.unpackFolder(folder), signal)
}

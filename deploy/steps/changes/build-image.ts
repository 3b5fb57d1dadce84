import { deployError } from '../../errors.ts'
import * as docker from '../../remote/docker.ts'
import { CONTEXT_FOLDER } from '../../server/manifest.ts'
import type { Definition } from '../definition.ts'

const LINES_SHOWN = 15

/** Not undone: the next run finds the image. */
export const buildImage: Definition<'build-image'> = {
  describe: ({ image }) => [`build the image ${image} on the server`],
  explain: ({ image }, { imageTags }) => [
    imageTags.length === 0 ? 'there is no image yet' : `no image on the server is made of the same files as ${image}`,
  ],
  cost: () => 'one to three minutes to build the image, and up to 2 GiB of space',
  title: 'Build the image',
  async run({ image, nodeImage, release }, { host, layout, signal }, report) {
    const lines: string[] = []
    const onLine = (line: string) => {
      report(line)
      lines.push(line)
    }
    const command = docker.buildImage(image, nodeImage, `${layout.release(release)}/${CONTEXT_FOLDER}`)
    const { exitCode } = await host.exec(command, { signal, onLine })
    if (exitCode === 0) return `Built ${image}`
    throw deployError(
      'BUILD_FAILED',
      `the image cannot be built. The last lines were:\n${lines.slice(-LINES_SHOWN).join('\n')}`,
      'what answers now is untouched; when the cause is gone, run again',
    )
  },
  undo: () => undefined,
}

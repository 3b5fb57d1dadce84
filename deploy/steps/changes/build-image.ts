import { deployError } from '../../errors.ts'
import * as docker from '../../remote/docker.ts'
import { CONTEXT_FOLDER } from '../../server/manifest.ts'
import type { Definition } from '../definition.ts'

const LINES_SHOWN = 15
/** BuildKit puts its step and its time before each line of output. */
const EMPTY_LINE = /^(#\d+( [\d.]+)?)?\s*$/
const BUILD_COST = 'one to two minutes to build the image, and up to 2 GiB of space'

/** Not undone: the next run finds the image. */
export const buildImage: Definition<'build-image'> = {
  describe: ({ image, prebuilt }) => [
    prebuilt === null ? `build the image ${image} on the server` : `pull the image ${prebuilt}, as ${image}`,
  ],
  explain: ({ image }, { imageTags }) => [
    imageTags.length === 0 ? 'there is no image yet' : `no image on the server is made of the same files as ${image}`,
  ],
  cost: ({ prebuilt }) => (prebuilt === null ? BUILD_COST : 'the download of the image'),
  title: 'Build the image',
  async run({ image, nodeImage, release, prebuilt }, { host, layout, signal }, report) {
    const lines: string[] = []
    const onLine = (line: string) => {
      if (!EMPTY_LINE.test(line)) report(line)
      lines.push(line)
    }
    const context = `${layout.release(release)}/${CONTEXT_FOLDER}`
    const command = prebuilt === null ? docker.buildImage(image, nodeImage, context) : docker.pullImage(prebuilt, image)
    const { exitCode } = await host.exec(command, { signal, onLine })
    if (exitCode === 0) return prebuilt === null ? `Built ${image}` : `Pulled ${prebuilt}`
    throw deployError(
      'BUILD_FAILED',
      `the image cannot be ${prebuilt === null ? 'built' : 'pulled'}. The last lines were:\n${lines.slice(-LINES_SHOWN).join('\n')}`,
      'what answers now is untouched; when the cause is gone, run again',
    )
  },
  undo: () => undefined,
}

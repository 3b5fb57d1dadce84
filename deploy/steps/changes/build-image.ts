import type { Change, LocalBuild } from '../../plan/change.ts'
import * as docker from '../../remote/docker.ts'
import { CONTEXT_FOLDER } from '../../server/manifest.ts'
import type { Definition, Server } from '../definition.ts'
import { buildHere, imageFailed } from '../local-build.ts'

/** BuildKit puts its step and its time before each line of output. */
const EMPTY_LINE = /^(#\d+( [\d.]+)?)?\s*$/
const BUILD_COST = 'one to two minutes to build the image, and up to 2 GiB of space'
const LOCAL_COST = 'time to build the image on this machine, and to send about 100 MiB'
const NAMES = { docker: 'Docker', podman: 'Podman' }

/** Not undone: the next run finds the image. */
export const buildImage: Definition<'build-image'> = {
  describe: ({ image, prebuilt, local }) => {
    if (prebuilt !== null) return [`pull the image ${prebuilt}, as ${image}`]
    return [`build the image ${image} on ${local === undefined ? 'the server' : 'this machine, and send it'}`]
  },
  explain: ({ image, local }, { imageTags }) => [
    imageTags.length === 0 ? 'there is no image yet' : `no image on the server is made of the same files as ${image}`,
    ...(local === undefined ? [] : explainLocal(local)),
  ],
  cost: ({ prebuilt, local }) => {
    if (prebuilt !== null) return 'the download of the image'
    return local === undefined ? BUILD_COST : LOCAL_COST
  },
  title: 'Build the image',
  async run(change, server, report) {
    const { image, prebuilt, local } = change
    const onLine = (line: string) => {
      if (!EMPTY_LINE.test(line)) report(line)
    }
    if (local === undefined) await makeThere(change, server, onLine)
    else await buildHere(change, local, server, onLine)
    if (local !== undefined) return `Built ${image} with ${NAMES[local.program]} and sent it`
    return prebuilt === null ? `Built ${image}` : `Pulled ${prebuilt}`
  },
  undo: () => undefined,
}

/** Images are for one platform: that of the server. */
function explainLocal({ program, platform, target }: LocalBuild): string[] {
  const by = `${NAMES[program]} builds it for ${target}, the platform of the server`
  if (platform === target) return [by]
  return [`${by}; this machine is ${platform}, so the build is emulated: it takes longer, and needs QEMU (binfmt) here`]
}

async function makeThere(
  { image, nodeImage, release, prebuilt }: Change<'build-image'>,
  { host, layout, signal }: Server,
  onLine: (line: string) => void,
): Promise<void> {
  const lines: string[] = []
  const keep = (line: string) => {
    lines.push(line)
    onLine(line)
  }
  const context = `${layout.release(release)}/${CONTEXT_FOLDER}`
  const command = prebuilt === null ? docker.buildImage(image, nodeImage, context) : docker.pullImage(prebuilt, image)
  const { exitCode } = await host.exec(command, { signal, onLine: keep })
  if (exitCode !== 0) throw imageFailed(prebuilt === null ? 'built' : 'pulled', lines)
}

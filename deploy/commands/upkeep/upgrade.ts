import { editDotenv, parseDotenv } from '../../../kit/settings/dotenv.ts'
import { serverSettings } from '../../../templates/server-settings.ts'
import { run } from '../../host/host.ts'
import { type NewerImages, newerImages } from '../../plan/upkeep/newer-images.ts'
import { type ImageQuestions, pullNewest } from '../../remote/looking/newest-images.ts'
import { readPairs } from '../../server/pairs.ts'
import type { Context } from '../../session/context.ts'
import type { OpenServer } from '../../session/open-server.ts'
import type { Outcome } from '../../session/shown/report.ts'
import { deployFrom } from '../deploy.ts'
import { liveSource, requireLive } from '../release-source.ts'

/**
 * Takes the newest images of the edge and of Node, or of the gateway itself where it comes prebuilt, and makes a release of
 * them, as every deploy does. The images are pinned in .env by their digests, so that a rollback finds the earlier ones.
 */
export function upgrade(context: Context): Promise<Outcome> {
  return deployFrom(context, 'upgrade', async (open) => {
    const source = await liveSource(context, open)
    const newer = await look(context, open)
    if (Object.keys(newer).length === 0)
      context.terminal.err('Nothing newer: the images are the newest of their tags.\n')
    return { ...source, changeEnv: (text) => editDotenv(text, newer) }
  })
}

/** @returns variables of .env with what is newer */
async function look(context: Context, open: OpenServer): Promise<NewerImages> {
  const { facts, connection } = open
  const { traefikImage, nodeImage, gatewayImage } = serverSettings(parseDotenv(facts.env ?? '').values, false)
  const used = {
    TRAEFIK_IMAGE: traefikImage,
    ...(gatewayImage === null ? { NODE_IMAGE: nodeImage } : { GATEWAY_IMAGE: gatewayImage }),
  }
  const tags = Object.entries(used).map(([name, image]) => ({ name, tag: image.replace(/@.*/, '') }))
  context.terminal.err(`Looking for newer images of ${tags.map(({ tag }) => tag).join(' and ')}.\n`)
  const asked: ImageQuestions = { tags, liveImage: requireLive(context, open).manifest.image }
  const output = await run(connection.host, 'pull the newest images', pullNewest(asked))
  return newerImages(used, readPairs(output))
}

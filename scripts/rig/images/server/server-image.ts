import type { Suite } from '../../layout.ts'
import { baseImage, SERVER_PACKAGES } from '../base-image.ts'
import { buildImage, type ImageSource } from '../build-image.ts'

const SOURCE: ImageSource = { folder: import.meta.dirname, files: ['Dockerfile'] }

/**
 * Builds the image of a clean server. After the first time this takes a second.
 * @returns the name of the image
 */
export async function serverImage(suite: Suite): Promise<string> {
  const tag = `ai-deploy-rig/server:${suite}`
  await buildImage({ tag, source: SOURCE, base: await baseImage({ suite, packages: SERVER_PACKAGES }) })
  return tag
}

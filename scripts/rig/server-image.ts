import { baseImage, SERVER_PACKAGES } from './base-image.ts'
import { buildImage } from './image.ts'
import type { Suite } from './layout.ts'

/** Builds the image of a clean server and returns its name; after the first time this takes a second. */
export async function serverImage(suite: Suite): Promise<string> {
  const tag = `ai-deploy-rig/server:${suite}`
  await buildImage({ tag, folder: 'server', base: await baseImage({ suite, packages: SERVER_PACKAGES }) })
  return tag
}

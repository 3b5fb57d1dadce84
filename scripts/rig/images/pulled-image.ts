import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { say, step } from '../machine/progress.ts'
import { attempt } from '../machine/run.ts'
import { pushToRegistry, registryDataDir } from '../services/registry.ts'

const PULL_LIMIT_MS = 60_000

/** An image that a deploy pulls onto the server. */
export interface PulledImage {
  reference: string
  /** Changes when the stand-in must be made anew. */
  key: string
  preferStandIn?: boolean
  /** Makes the image under this tag where it cannot be pulled. */
  makeStandIn: (tag: string) => Promise<void>
}

/** Makes sure that the rig's registry holds this image: the public one, else its stand-in. */
export async function provideImage(image: PulledImage): Promise<void> {
  if (heldKey(image) === image.key) return
  await step(`Putting ${image.reference} into the registry`, async () =>
    pushToRegistry(await localImage(image), image.reference),
  )
  mkdirSync(registryDataDir(), { recursive: true })
  writeFileSync(keyFile(image), image.key)
}

async function localImage({ reference, preferStandIn, makeStandIn }: PulledImage): Promise<string> {
  if (!preferStandIn && (await attempt(['docker', 'pull', '--quiet', reference], { timeoutMs: PULL_LIMIT_MS })).ok) {
    return reference
  }
  say(`${reference} cannot be pulled here; making it`)
  const tag = `ai-deploy-rig/${reference}`
  await makeStandIn(tag)
  return tag
}

function heldKey(image: PulledImage): string | undefined {
  return existsSync(keyFile(image)) ? readFileSync(keyFile(image), 'utf8') : undefined
}

function keyFile({ reference }: PulledImage): string {
  return join(registryDataDir(), `${reference.replace(':', '-')}.key`)
}

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readTextIfPresent } from '../../../kit/files.ts'
import { say, step } from '../machine/progress.ts'
import { attempt } from '../machine/run.ts'
import { pushToRegistry, registryDataDir } from '../services/registry.ts'

const PULL_LIMIT_MS = 60_000

/** An image that a deploy pulls onto the server. */
export interface PulledImage {
  reference: string
  /** Changes when the stand-in must be built again. */
  key: string
  /** True if the stand-in is wanted even if the public image can be pulled. */
  prefersStandIn?: boolean
  /** Builds the image under this tag if it cannot be pulled. */
  makeStandIn: (tag: string) => Promise<void>
}

/** Makes sure that the rig's registry holds this image: the public one, or else its stand-in. */
export async function provideImage(image: PulledImage): Promise<void> {
  if (readTextIfPresent(keyFile(image)) === image.key) return
  await step(`Pushing ${image.reference} to the registry`, async () =>
    pushToRegistry(await localImage(image), image.reference),
  )
  mkdirSync(registryDataDir(), { recursive: true })
  writeFileSync(keyFile(image), image.key)
}

async function localImage({ reference, prefersStandIn, makeStandIn }: PulledImage): Promise<string> {
  if (!prefersStandIn && (await attempt(['docker', 'pull', '--quiet', reference], { timeoutMs: PULL_LIMIT_MS })).ok) {
    return reference
  }
  say(`${reference} is not pulled from a public registry: building a stand-in`)
  const tag = `ai-deploy-rig/${reference}`
  await makeStandIn(tag)
  return tag
}

function keyFile({ reference }: PulledImage): string {
  return join(registryDataDir(), `${reference.replace(':', '-')}.key`)
}

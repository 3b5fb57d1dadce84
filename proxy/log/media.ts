import { digestingDataUrls } from './data-urls.ts'
import { digestingMediaMembers } from './media-members.ts'

/** JSON with every image, document and piece of audio replaced by its media type, hash and size. Yields after each step. */
export function* digestingMedia(json: Buffer): Generator<void, Buffer> {
  return yield* digestingMediaMembers(yield* digestingDataUrls(json))
}

/** The same without pauses. */
export function digestMedia(json: Buffer): Buffer {
  const steps = digestingMedia(json)
  let step = steps.next()
  while (!step.done) step = steps.next()
  return step.value
}

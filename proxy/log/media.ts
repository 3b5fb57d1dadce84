import { digestingDataUrls, mayHoldDataUrls } from './data-urls.ts'
import { digestingMediaMembers, mayHoldContent } from './media-members.ts'

/** JSON with every image, document and piece of audio replaced by its media type, hash and size. Yields after each step. */
export function* digestingMedia(json: Buffer): Generator<void, Buffer> {
  return yield* digestingMediaMembers(yield* digestingDataUrls(json))
}

/** The same without pauses. Most bodies hold none of these, and cost two quick looks instead of three generators. */
export function digestMedia(json: Buffer): Buffer {
  if (!mayHoldDataUrls(json) && !mayHoldContent(json)) return json
  const steps = digestingMedia(json)
  let step = steps.next()
  while (!step.done) step = steps.next()
  return step.value
}

import { deployError } from '../errors.ts'
import { containerName } from '../server/instance.ts'

/** A release that is ready, but whose answers are not what they should be. */
export function unhealthyRelease(instance: string, problem: string) {
  return deployError(
    'RELEASE_UNHEALTHY',
    `the new release does not answer as it should: ${problem}`,
    `the previous release still answers; the container is kept: docker logs ${containerName(instance)}`,
  )
}

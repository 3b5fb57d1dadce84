import type { ContainerFact } from '../server/facts.ts'
import { containerName } from '../server/instance.ts'

/** A container in one of these states is left alone. */
const BUSY = ['running', 'restarting']

/**
 * The instance that a start of this release makes or wakes: a stopped one is used again, one that still finishes its
 * streams is left alone.
 */
export function chooseInstance(release: string, containers: readonly ContainerFact[]): string {
  for (let n = 1; ; n++) {
    const instance = n === 1 ? release : `${release}-${n}`
    const container = containers.find(({ name }) => name === containerName(instance))
    if (container === undefined || !BUSY.includes(container.state)) return instance
  }
}

import { FOLLOWER_CONTAINER, UI_CONTAINER } from '../../../templates/release-ui.ts'
import type { Pairs } from '../pairs.ts'

/** The Logs UI that a release brings. */
export interface UiFact {
  /** The release that both of its containers run; undefined if one is missing, stopped or of another one. */
  release: string | undefined
  /** There is a container of it, whatever its state. */
  hasContainers: boolean
  /** Text of the file that leads to it; undefined if there is none. */
  route: string | undefined
}

export function readUi(pairs: Pairs): UiFact {
  const containers = pairs.all('ui').map((line) => line.split(' '))
  const releaseOf = (name: string) => containers.find(([one, state]) => one === name && state === 'running')?.[2]
  const release = releaseOf(UI_CONTAINER)
  return {
    release: release !== undefined && releaseOf(FOLLOWER_CONTAINER) === release ? release : undefined,
    hasContainers: containers.length > 0,
    route: pairs.text('ui_route'),
  }
}

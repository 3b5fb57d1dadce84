import type { Host } from '../host/host.ts'
import type { RemovedRelease } from '../plan/change.ts'
import * as docker from '../remote/docker.ts'
import * as files from '../remote/files.ts'
import type { Server } from './definition.ts'

/** Removes releases with their containers. @returns those that stay, since they still run */
export async function removeReleases(
  { host, layout }: Pick<Server, 'host' | 'layout'>,
  removed: readonly RemovedRelease[],
): Promise<string[]> {
  const running: string[] = []
  for (const { release, containers } of removed) {
    if (await hasRemoved(host, containers)) await host.exec(files.removeTree(layout.release(release)))
    else running.push(release)
  }
  return running
}

/** False if one of them still runs. */
async function hasRemoved(host: Host, containers: readonly string[]): Promise<boolean> {
  for (const name of containers) {
    const { exitCode } = await host.exec(docker.removeContainer(name))
    if (exitCode !== 0) return false
  }
  return true
}

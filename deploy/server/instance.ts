/**
 * An instance is one run of a release's container. The first has the release's id; a later one (a rollback while the first
 * still finishes its streams) has the id and a number. So every process has its own network name and log file.
 */
export function containerName(instance: string): string {
  return `ai-proxy-${instance}`
}

/** The release that an instance runs. */
export function releaseOf(instance: string): string {
  return instance.split('-').slice(0, 2).join('-')
}

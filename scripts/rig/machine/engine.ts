import { join } from 'node:path'
import { sleep } from 'zx'
import type { UserError } from '../../../kit/user-error.ts'
import { rigError } from '../errors.ts'
import { cacheDir } from '../layout.ts'
import { type Daemon, isDaemonAlive, logFile, startDaemon, stopDaemon } from './daemon.ts'
import { say, step } from './progress.ts'
import { attempt, run } from './run.ts'

/** Folder of the cache with the log and the pid of an engine that the rig started. */
export const ENGINE_FOLDER = 'engine'

const START_LIMIT_MS = 60_000
const POLL_MS = 200

/** The version of the running Docker engine, or undefined. The `docker` command can be installed without an engine. */
export async function engineVersion(): Promise<string | undefined> {
  const { ok, stdout } = await attempt(['docker', 'version', '--format', '{{.Server.Version}}'])
  return ok ? stdout.trim() : undefined
}

/** Uses the engine of this machine. If none is running, starts one that `engineDown` will stop. */
export async function engineUp(): Promise<void> {
  const version = await engineVersion()
  if (version) return say(`Docker engine ${version} is running`)
  if (process.getuid?.() !== 0) throw cannotStart('only root can start one')
  await step('Starting a Docker engine', async () => {
    startDaemon(ownEngine(), ['dockerd'])
    const deadlineMs = Date.now() + START_LIMIT_MS
    while (!(await engineVersion())) {
      if (!isDaemonAlive(ownEngine())) throw cannotStart('dockerd ended')
      if (Date.now() > deadlineMs) throw cannotStart(`dockerd was not ready after ${START_LIMIT_MS / 1000} s`)
      await sleep(POLL_MS)
    }
  })
}

/** Stops the engine if the rig started it and no container is running. */
export async function engineDown(): Promise<void> {
  if (!isDaemonAlive(ownEngine())) return
  const running = (await run(['docker', 'ps', '--quiet'])).trim()
  if (running) return say('The Docker engine keeps running: other containers use it')
  await step('Stopping the Docker engine', () => stopDaemon(ownEngine()))
}

/** True if the engine holds an image of this name. */
export async function hasImage(name: string): Promise<boolean> {
  return (await attempt(['docker', 'image', 'inspect', name])).ok
}

/** Deletes all images with this label that no container uses. */
export async function removeImages(label: string): Promise<void> {
  const images = (await run(['docker', 'images', '--quiet', '--filter', `label=${label}`])).split(/\s+/).filter(Boolean)
  if (images.length > 0) await attempt(['docker', 'rmi', '--force', ...new Set(images)])
  await attempt(['docker', 'image', 'prune', '--force', '--filter', `label=${label}`])
}

/** All rigs share one engine, so it does not belong to the state of one rig. */
function ownEngine(): Daemon {
  return { folder: join(cacheDir(), ENGINE_FOLDER), name: 'dockerd' }
}

function cannotStart(reason: string): UserError {
  const message = `no Docker engine is running here, and the rig cannot start one: ${reason}`
  return rigError(
    'RIG_ENGINE',
    message,
    `start Docker, or read ${logFile(ownEngine())}, then run "npm run rig -- up" again`,
  )
}

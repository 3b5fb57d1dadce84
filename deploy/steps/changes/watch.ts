import { setTimeout as delay } from 'node:timers/promises'
import { deployError } from '../../errors.ts'
import type { Change } from '../../plan/change.ts'
import { timeEcho } from '../../probe/checks.ts'
import {
  addLine,
  isStalled,
  judgeReadings,
  noReadings,
  providerErrors,
  type WatchReadings,
} from '../../probe/watch-readings.ts'
import * as docker from '../../remote/docker.ts'
import { watchRelease } from '../../remote/looking/watch-script.ts'
import { containerName, releaseOf } from '../../server/instance.ts'
import { GATEWAY_PORT } from '../../server/layout.ts'
import type { Definition, Server } from '../definition.ts'
import { edgeProbe } from '../edge/edge-answer.ts'
import { writeReadyMark } from '../ready-mark.ts'
import { dropRouteCopies } from '../route-file.ts'

const ECHO_TIMEOUT_MS = 5000
const LOOK_INTERVAL_MS = 250
const LOG_LINES_SHOWN = 20

/** Looks at the release that has just taken over. A bad one ends the plan, which takes back what was made. */
export const watch: Definition<'watch'> = {
  describe: (change) => {
    const { instance, seconds, isRollback, again } = change
    const what = `watch release ${releaseOf(instance)} for ${seconds} seconds`
    if (isRollback) return [what]
    const target = again ? again.fallback : wayBackOf(change)
    const back =
      target === null ? '; there is no release to go back to' : `, and go back to ${target} if it does not work`
    return [`${what}${again ? ', since a run that was cut off did not' : ''}${back}`]
  },
  title: 'Watch the release',
  async run(change, server, report) {
    const { instance, seconds } = change
    const isFresh = server.measured.starting?.change.instance === change.instance
    const readings = noReadings(server.measured.echoMs, isFresh)
    const { stop, asking } = startReading(change, server, readings)
    try {
      // What cannot be asked any more, since the connection or the lock is lost, ends the watch.
      const problem = await Promise.race([untilBad(readings, seconds, server.signal, report), asking])
      if (problem !== undefined) throw await failure(change, server, problem)
    } catch (error) {
      if (!server.signal.aborted) throw error
      server.measured.isWatchInterrupted = true
      await dropRouteCopies(server)
      return `Interrupted: ${releaseOf(instance)} stays, but was not watched to the end`
    } finally {
      await stop()
    }
    await dropRouteCopies(server)
    await clearFailure(server, releaseOf(instance))
    warnOfProviders(readings, server)
    return `${releaseOf(instance)} has worked for ${seconds} s`
  },
  undo: () => undefined,
  settles: 'after',
}

/** Fills the readings until the returned function is called. */
function startReading(change: Change<'watch'>, server: Server, readings: WatchReadings) {
  const { instance, gateway, seconds, wayBack } = change
  const { host } = server
  const ended = new AbortController()
  const previous = wayBack === null ? null : containerName(wayBack)
  const script = watchRelease(containerName(instance), GATEWAY_PORT, seconds, previous)
  // What cannot be read is not held against the release: the completions through the edge go on.
  const onLine = (line: string) => addLine(readings, line, performance.now())
  host.exec(script, { onLine, signal: ended.signal }).catch(() => {})
  const probe = edgeProbe(server, gateway, { timeoutMs: ECHO_TIMEOUT_MS })
  const asking = (async () => {
    while (!ended.signal.aborted) {
      const begun = performance.now()
      const reading = await timeEcho(probe)
      if (!ended.signal.aborted && !isStalled(readings, begun)) readings.echoes.push(reading)
      await delay(Math.max(0, 1000 - reading.ms), undefined, { signal: ended.signal }).catch(() => {})
    }
  })()
  asking.catch(() => {})
  const stop = async () => {
    ended.abort()
    await probe.close()
    await asking.catch(() => {})
  }
  return { stop, asking: asking.then(() => new Promise<never>(() => {})) }
}

async function untilBad(
  readings: WatchReadings,
  seconds: number,
  signal: AbortSignal,
  report: (line: string) => void,
): Promise<string | undefined> {
  const start = performance.now()
  for (;;) {
    const elapsedS = (performance.now() - start) / 1000
    const problem = judgeReadings(readings)
    if (problem !== undefined || elapsedS >= seconds) return problem
    report(`${Math.floor(elapsedS)} of ${seconds} s`)
    await delay(LOOK_INTERVAL_MS, undefined, { signal })
  }
}

/** What answers again if the release is bad; null for nothing. */
function wayBackOf({ wayBack, isAdopting }: Change<'watch'>): string | null {
  return isAdopting ? 'the Python gateway' : wayBack && releaseOf(wayBack)
}

async function failure(change: Change<'watch'>, server: Server, problem: string) {
  const { instance, isRollback, again } = change
  const [container, release] = [containerName(instance), releaseOf(instance)]
  const { stdout } = await server.host.exec(docker.containerLogs(container, LOG_LINES_SHOWN))
  if (wayBackOf(change) !== null || again?.fallback) await markFailed(server, release, problem)
  const name = wayBackOf(change)
  const back = name === null ? stays(isRollback) : `${name} answers again`
  return deployError(
    'WATCH_FAILED',
    `release ${release} does not work: ${problem}. Its last lines:\n${stdout.trimEnd()}`,
    `${back}; look at: docker logs ${container}`,
  )
}

function stays(isRollback: boolean): string {
  return isRollback
    ? 'it stays live, since a rollback never goes back by itself'
    : 'it stays live: there is no other one'
}

/** It was ready once, but is not a target of rollbacks any more. */
async function markFailed(server: Server, release: string, failed: string): Promise<void> {
  const { now, actor, verb } = server
  await writeReadyMark(server, { release, at: now.toISOString(), by: actor, verb, why: '', failed })
}

/** It works now, whatever an earlier run has found. */
async function clearFailure(server: Server, release: string): Promise<void> {
  const mark = server.facts.readyMarks.find((one) => one.release === release)
  if (mark?.failed === undefined) return
  const { failed: _failed, ...ready } = mark
  await writeReadyMark(server, ready)
}

function warnOfProviders(readings: WatchReadings, { warn }: Server): void {
  const counts = providerErrors(readings)
  if (counts) warn(`providers failed ${counts.providers} of ${counts.all} requests while the release was watched`)
}

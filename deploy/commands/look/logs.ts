import { once } from 'node:events'
import { linesWithoutControls } from '../../../kit/cli/terminal.ts'
import { parseMoment } from '../../../kit/settings/moment.ts'
import { deployError } from '../../errors.ts'
import type { Argv } from '../../host/argv.ts'
import { run } from '../../host/host.ts'
import { containerLines, type LogRange, requestLines } from '../../remote/looking/log-lines.ts'
import { EDGE_CONTAINER } from '../../server/layout.ts'
import type { Context } from '../../session/context.ts'
import { type OpenServer, withServer } from '../../session/open-server.ts'
import type { Outcome } from '../../session/shown/report.ts'
import { liveContainer } from './live-container.ts'

interface LogFlags {
  part?: string | undefined
  follow?: boolean | undefined
  since?: string | undefined
  lines?: string | undefined
}

const PARTS = ['gateway', 'edge', 'requests'] as const
type Part = (typeof PARTS)[number]

/** Shows what the gateway or the edge has printed, or the records of requests, oldest first. */
export async function showLogs(context: Context, flags: LogFlags): Promise<Outcome> {
  const { options, terminal } = context
  const { part, follow: isFollowed = false } = { ...flags, part: readPart(flags.part) }
  if (isFollowed && options.isJson) throw deployError('USAGE', '--json does not work with -f', 'leave one of them out')
  const lines = readCount(flags.lines)
  const sinceOf = readSince(flags.since)
  return withServer(context, async (open) => {
    const range = { sinceS: sinceOf(open.facts.clockS), lines, isFollowed }
    const command = commandOf(context, open, part, range)
    if (isFollowed) {
      const { stdout } = await open.connection.host.start(command)
      stdout.setEncoding('utf8').on('data', (text: string) => terminal.out(linesWithoutControls(text)))
      await once(stdout, 'close')
      return {}
    }
    const output = linesWithoutControls(await run(open.connection.host, `read the logs of the ${part}`, command))
    const found = output.split('\n').slice(0, -1)
    return { result: { part, lines: found }, lines: found }
  })
}

function commandOf(context: Context, { facts, layout }: OpenServer, part: Part, range: LogRange): Argv {
  if (part === 'requests') return requestLines(layout.folder, range)
  return containerLines(part === 'edge' ? EDGE_CONTAINER : liveContainer(context, facts), range)
}

function readPart(text = 'gateway'): Part {
  const part = PARTS.find((one) => one === text)
  if (part !== undefined) return part
  throw deployError('USAGE', `there are no logs of ${JSON.stringify(text)}`, `name one of ${PARTS.join(', ')}`)
}

const LINES = 100

function readCount(text: string | undefined): number {
  if (text === undefined) return LINES
  if (/^\d{1,7}$/.test(text)) return Number(text)
  throw deployError('USAGE', `--lines ${text} is not a number`, 'give one like 500')
}

/** @returns seconds since 1970 by the clock of the server, which the function gets */
function readSince(text: string | undefined): (clockS: number) => number | undefined {
  if (text === undefined) return () => undefined
  // Without a zone it is UTC, as in the logs.
  const sinceS = (clockS: number) => parseMoment(text, { nowMs: clockS * 1000, timeZone: 'UTC' })?.startS
  if (sinceS(0) !== undefined) return sinceS
  throw deployError('USAGE', `--since ${text} is not a time`, 'give one like 30m, 2h or 2026-11-29T10:00')
}

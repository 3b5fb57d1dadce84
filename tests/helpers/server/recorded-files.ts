import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Facts } from '../../../deploy/server/facts.ts'
import { parseFacts } from '../../../deploy/server/read-facts.ts'

/** What the script of deploy/remote/inspection.ts printed on real servers; scripts/record-facts.ts records it. */
const FOLDER = join(import.meta.dirname, '../../deploy/plan/recorded')
/** Stands for a value that is the same as in the recording of the server as it should be. */
const SAME = '@'
const LONG = 200

/** `server`: as in the file names, for example `trixie`. */
export function readRecording(server: string, what: string): Facts {
  const sound = soundValues(server)
  const lines = linesOf(server, what).map(([name, value]) => `${name}=${value === SAME ? sound.get(name) : value}`)
  return parseFacts(`${lines.join('\n')}\n`)
}

/** The server before it was damaged. */
export const SOUND = 'as it should be'

/** Leaves out the hashes of files, which are most of the text, and what is recorded elsewhere. */
export function writeRecording(server: string, what: string, output: string): void {
  const sound = what === SOUND ? new Map<string, string>() : soundValues(server)
  const lines = output.split('\n').map((line) => {
    const [name = '', value = ''] = split(line)
    if (value.length > LONG && sound.get(name) === value) return `${name}=${SAME}`
    return name.startsWith('manifest_') ? `${name}=${withoutFiles(value)}` : line
  })
  writeFileSync(pathOf(server, what), `${lines.join('\n').trimEnd()}\n`)
}

/** None before the first recording of that, and for what documentation says. */
function soundValues(server: string): Map<string, string> {
  return new Map(existsSync(pathOf(server, SOUND)) ? linesOf(server, SOUND) : [])
}

function withoutFiles(manifest: string): string {
  const json = { ...JSON.parse(Buffer.from(manifest, 'base64').toString()), files: {} }
  return Buffer.from(JSON.stringify(json)).toString('base64')
}

function linesOf(server: string, what: string): [name: string, value: string][] {
  return readFileSync(pathOf(server, what), 'utf8').trimEnd().split('\n').map(split)
}

function split(line: string): [name: string, value: string] {
  const equals = line.indexOf('=')
  return [line.slice(0, equals), line.slice(equals + 1)]
}

function pathOf(server: string, what: string): string {
  return join(FOLDER, `${server}-${what.replaceAll(/[^\w.]+/g, '-').replace(/^-/, '')}.txt`)
}

import { readFileSync, writeFileSync } from 'node:fs'
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
  const lines = linesOf(server, what).map(
    ([name, value]) => `${name}=${value === SAME ? soundValue(server, name) : value}`,
  )
  return parseFacts(`${lines.join('\n')}\n`)
}

/** The server before it was damaged. */
export const SOUND = 'as it should be'

/** Leaves out the hashes of files, which are most of the text, and what is recorded elsewhere. */
export function writeRecording(server: string, what: string, output: string): void {
  const lines = output.split('\n').map((line) => {
    const [name = '', value = ''] = split(line)
    if (what !== SOUND && value.length > LONG && soundValue(server, name) === value) return `${name}=${SAME}`
    return name.startsWith('manifest_') ? `${name}=${withoutFiles(value)}` : line
  })
  writeFileSync(pathOf(server, what), `${lines.join('\n').trimEnd()}\n`)
}

function soundValue(server: string, name: string): string | undefined {
  return linesOf(server, SOUND).find((line) => line[0] === name)?.[1]
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

import { readFileSync, watch } from 'node:fs'
import { basename, dirname } from 'node:path'

/** Editors write a file in several steps. */
const SETTLE_MS = 100

/**
 * Tells, as long as the process lives, when the text of a file has become another one. It is the folder that is watched: editors and `mv` put a new file
 * in the place of the old one.
 */
export function watchText(path: string, onChange: (text: string) => void): void {
  let known = readOrUndefined(path)
  let waiting = false
  const look = () => {
    waiting = false
    const text = readOrUndefined(path)
    if (text === undefined || text === known) return
    known = text
    onChange(text)
  }
  watch(dirname(path), { persistent: false }, (_event, name) => {
    if (waiting || (name !== null && name !== basename(path))) return
    waiting = true
    setTimeout(look, SETTLE_MS).unref()
  })
}

function readOrUndefined(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'

const LOOK_EVERY_MS = 250

/**
 * Tells, as long as the process lives, when the text of a file has become another one and has stayed so for two looks,
 * since editors write a file in several steps. Events of its folder would miss what is behind links or on shared disks.
 */
export function watchText(path: string, onChange: (text: string) => void): void {
  let known = readNow(path)
  let previous = known
  const look = async () => {
    const text = await readFile(path, 'utf8').catch(() => undefined)
    if (text !== undefined && text !== known && text === previous) {
      known = text
      onChange(text)
    }
    previous = text
    lookLater()
  }
  const lookLater = () => void setTimeout(look, LOOK_EVERY_MS).unref()
  lookLater()
}

function readNow(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'

const CHECK_EVERY_MS = 250

/**
 * Calls `onChange` when the text of a file has changed and was the same in two checks, because editors write a file in
 * several steps. File system events would miss changes behind links and on shared disks. It never stops watching.
 */
export function watchText(path: string, onChange: (text: string) => void): void {
  let known = readNow(path)
  let previous = known
  const check = async () => {
    const text = await readFile(path, 'utf8').catch(() => undefined)
    if (text !== undefined && text !== known && text === previous) {
      known = text
      onChange(text)
    }
    previous = text
    checkLater()
  }
  const checkLater = () => void setTimeout(check, CHECK_EVERY_MS).unref()
  checkLater()
}

function readNow(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

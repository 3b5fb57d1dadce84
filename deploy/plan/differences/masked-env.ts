import { isSecretName, maskedLines } from './mask.ts'

const MASK = '***'

/** Lines of a .env that belong together, and what is shown in their place. */
interface Block {
  lines: string[]
  shown: string[]
}

/** A .env that can be shown and edited without its secrets. */
export interface MaskedEnv {
  text: string
  /**
   * The edited text with the secrets in their places again. Lines that were masked and left as they are get their value back.
   * @returns undefined if a masked line was changed in another way than by a new value
   */
  restore(edited: string): string | undefined
}

export function maskEnv(text: string): MaskedEnv {
  const blocks = blocksOf(text.split('\n'))
  return {
    text: blocks.flatMap(({ shown }) => shown).join('\n'),
    restore: (edited) => restored(blocks, edited.split('\n')),
  }
}

const ASSIGNMENT = /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*=\s*(.*)$/

function blocksOf(lines: readonly string[]): Block[] {
  const blocks: Block[] = []
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? ''
    const [, name, value = ''] = ASSIGNMENT.exec(line) ?? []
    const end = at + (name === undefined ? 0 : furtherLines(value, lines.slice(at + 1)))
    const own = lines.slice(at, end + 1)
    blocks.push({ lines: own, shown: shownLines(name, value, own) })
    at = end
  }
  return blocks
}

function shownLines(name: string | undefined, value: string, lines: string[]): string[] {
  if (name !== undefined && value !== '' && isSecretName(name)) return [`${name}=${MASK}`]
  return maskedLines(lines.join('\n'))
}

/** How many lines below belong to a value in quotes. */
function furtherLines(value: string, below: readonly string[]): number {
  const mark = value[0]
  if (mark === undefined || !`"'\``.includes(mark) || value.slice(1).includes(mark)) return 0
  const at = below.findIndex((line) => line.includes(mark))
  return at < 0 ? 0 : at + 1
}

function restored(blocks: readonly Block[], edited: readonly string[]): string | undefined {
  const masked = blocks.filter(({ lines, shown }) => lines.join('\n') !== shown.join('\n'))
  const used = new Set<Block>()
  const lines = edited.flatMap((line) => {
    const block = masked.find((one) => !used.has(one) && one.shown[0] === line)
    if (block === undefined) return [line]
    used.add(block)
    return block.lines
  })
  const isLeft = lines.some((line) => line.includes(MASK) && !blocks.some((block) => block.lines.includes(line)))
  return isLeft ? undefined : lines.join('\n')
}

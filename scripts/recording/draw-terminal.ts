/** A command that was typed, and what it printed. */
export interface Typed {
  /** What the command is for. */
  comment: string
  command: string
  output: string
}

interface Colours {
  background: string
  border: string
  bar: string
  text: string
  command: string
  comment: string
  prompt: string
}

export const LIGHT: Colours = {
  background: '#ffffff',
  border: '#d0d7de',
  bar: '#f6f8fa',
  text: '#424a53',
  command: '#1f2328',
  comment: '#6e7781',
  prompt: '#1a7f37',
}

export const DARK: Colours = {
  background: '#0d1117',
  border: '#30363d',
  bar: '#161b22',
  text: '#b1bac4',
  command: '#f0f6fc',
  comment: '#8b949e',
  prompt: '#3fb950',
}

/** Sizes in pixels, except COLUMNS. The width of a character is set for each line, whatever the font's own is. */
const COLUMNS = 110
const CHARACTER = 8
const LINE = 17
const FONT_SIZE = 13
const PADDING = 16
const BAR = 28
const BUTTONS = ['#ff5f57', '#febc2e', '#28c840']
const FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"

interface Part {
  text: string
  colour: keyof Colours
  /** Characters before it in its line. */
  column: number
}

/** An SVG of a terminal window; it needs no font and no script. */
export function drawTerminal(session: Typed[], colours: Colours): string {
  const lines = session.flatMap((typed, at) => [...(at > 0 ? [[]] : []), ...linesOf(typed)])
  const width = COLUMNS * CHARACTER + 2 * PADDING
  const height = BAR + lines.length * LINE + 2 * PADDING
  const texts = lines.flatMap((parts, at) =>
    parts.map((part) => textElement(part, colours[part.colour], BAR + PADDING + (at + 0.75) * LINE)),
  )
  const buttons = BUTTONS.map((fill, at) => `<circle cx="${18 + at * 18}" cy="${BAR / 2}" r="5" fill="${fill}"/>`)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(session.map(({ command }) => command).join('; '))}</title>`,
    `<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" fill="${colours.background}" stroke="${colours.border}"/>`,
    `<path d="M1 ${BAR}V8a7 7 0 0 1 7-7h${width - 16}a7 7 0 0 1 7 7v${BAR - 8}z" fill="${colours.bar}"/>`,
    ...buttons,
    `<g font-family="${FONTS}" font-size="${FONT_SIZE}" xml:space="preserve">`,
    ...texts,
    '</g>',
    '</svg>',
    '',
  ].join('\n')
}

function linesOf({ comment, command, output }: Typed): Part[][] {
  const [first = '', ...more] = wrapped(command, COLUMNS - 2)
  return [
    [{ text: `# ${comment}`, colour: 'comment', column: 0 }],
    [
      { text: '$', colour: 'prompt', column: 0 },
      { text: first, colour: 'command', column: 2 },
    ],
    ...more.map((text) => [{ text, colour: 'command' as const, column: 2 }]),
    ...output
      .trimEnd()
      .split('\n')
      .flatMap((line) => wrapped(line, COLUMNS))
      .map((text) => [{ text, colour: 'text' as const, column: 0 }]),
  ]
}

/** Breaks where a terminal would. */
function wrapped(line: string, columns: number): string[] {
  const pieces = line.match(new RegExp(`.{1,${columns}}`, 'gu'))
  return pieces ?? ['']
}

function textElement({ text, column }: Part, colour: string, y: number): string {
  const shown = text.trimStart()
  if (shown === '') return ''
  const x = PADDING + (column + text.length - shown.length) * CHARACTER
  const length = [...shown].length * CHARACTER
  return `<text x="${x}" y="${y}" fill="${colour}" textLength="${length}">${escaped(shown)}</text>`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

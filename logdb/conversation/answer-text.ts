import type { Turn } from './turns.ts'

/** A block between two lines of three or more ` or ~; one that is not closed ends with the text. */
const CODE_BLOCK = /^ {0,3}(`{3,}|~{3,})[^\n]*\n([\s\S]*?)(?:^ {0,3}\1[`~]*[ \t]*$|(?![\s\S]))/gm

/** What was said, without reasoning and calls of tools; each part ends its line. */
export function answerText(answers: readonly Turn[]): string {
  const parts = answers.flatMap((turn) => turn.parts)
  const texts = parts.flatMap(({ kind, text }) => (kind === 'text' || kind === 'refusal' ? text : []))
  return texts.map((text) => (text.endsWith('\n') ? text : `${text}\n`)).join('\n')
}

/** The code in a text, without the lines around it. */
export function codeBlocks(text: string): string[] {
  return [...text.matchAll(CODE_BLOCK)].map(([, , code = '']) => code)
}

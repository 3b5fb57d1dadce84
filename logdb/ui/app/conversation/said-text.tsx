import { signal } from '@preact/signals'
import type { ComponentType } from 'preact'
import { hasScript } from '../has-script.ts'

type MarkdownView = ComponentType<{ text: string }>

const IS_WANTED = 'markdown'
/** A longer text would keep the browser busy. */
const MAX_LENGTH = 200_000

/** Undefined while texts are shown as they are. */
const markdown = signal<MarkdownView | undefined>(undefined)

/** A text as it is, or as Markdown after the user asked for it. */
export function SaidText({ text }: { text: string }) {
  const Markdown = markdown.value
  if (Markdown && text.length <= MAX_LENGTH) return <Markdown text={text} />
  return (
    <p class="said" dir="auto">
      {text}
    </p>
  )
}

/** Switches Markdown on and off for all texts; the browser remembers it. */
export function MarkdownSwitch() {
  if (!hasScript.value) return null
  return (
    <button type="button" aria-pressed={markdown.value !== undefined} onClick={() => void setMarkdown(!markdown.value)}>
      Markdown
    </button>
  )
}

/** For a page that was just opened. */
export function restoreMarkdown(): void {
  if (localStorage.getItem(IS_WANTED) !== null) void setMarkdown(true)
}

async function setMarkdown(isOn: boolean): Promise<void> {
  if (isOn) localStorage.setItem(IS_WANTED, '')
  else localStorage.removeItem(IS_WANTED)
  const loaded = isOn ? await import('../on-demand/markdown.tsx') : undefined
  markdown.value = loaded?.Markdown
}

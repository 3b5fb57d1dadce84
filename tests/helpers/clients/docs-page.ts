import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../../kit/package-root.ts'

export interface Block {
  /** The heading of its section. */
  section: string
  language: string
  text: string
}

/** What the page shows in place of the reader's own gateway. */
const ADDRESS = 'https://llm.example.com'
const KEY = 'YOUR_KEY'

const BLOCK = /^```(\w+)\n([\s\S]*?)^```$/gm

/** The blocks of docs/clients.md, for a gateway at this address with this key. */
export function clientBlocks({ url, key }: { url: string; key: string }): Block[] {
  const page = readFileSync(join(packageRoot(), 'docs/clients.md'), 'utf8')
  const sections = page.split(/^## /m).slice(1)
  return sections.flatMap((section) => {
    const heading = section.slice(0, section.indexOf('\n'))
    return [...section.matchAll(BLOCK)].map(([, language = '', text = '']) => ({
      section: heading,
      language,
      text: text.replaceAll(ADDRESS, url).replaceAll(KEY, key),
    }))
  })
}

/** The only block of a section in this language. */
export function blockOf(blocks: readonly Block[], section: string, language: string): string {
  const found = blocks.filter((block) => block.section === section && block.language === language)
  const [block] = found
  if (!block || found.length > 1) {
    throw new Error(`docs/clients.md has ${found.length} blocks of ${language} in ${section}`)
  }
  return block.text
}

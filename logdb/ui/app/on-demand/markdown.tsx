import { lexer, type Token, type Tokens } from 'marked'
import type { ComponentChildren, VNode } from 'preact'
import { Highlighted } from './highlighted.tsx'

/** A text as Markdown. HTML in it is shown as text, images as links, and nothing is fetched. */
export function Markdown({ text }: { text: string }) {
  return (
    <div class="markdown" dir="auto">
      {blocks(lexer(text))}
    </div>
  )
}

/** A heading of a text is below the one of its turn. */
const TOP_LEVEL = 2
const LAST_LEVEL = 6
const SAFE_LINK = /^(?:https?:|mailto:)/i

type View = (token: never, key: number) => ComponentChildren

const BLOCKS: Partial<Record<string, View>> = {
  space: () => null,
  def: () => null,
  hr: (_token, key) => <hr key={key} />,
  heading: ({ depth, tokens }: Tokens.Heading, key) => {
    const Level = `h${Math.min(LAST_LEVEL, depth + TOP_LEVEL)}` as 'h3'
    return <Level key={key}>{inlines(tokens)}</Level>
  },
  paragraph: ({ tokens }: Tokens.Paragraph, key) => <p key={key}>{inlines(tokens)}</p>,
  blockquote: ({ tokens }: Tokens.Blockquote, key) => <blockquote key={key}>{blocks(tokens)}</blockquote>,
  code: ({ text, lang }: Tokens.Code, key) => <Highlighted key={key} code={text} language={lang ?? ''} />,
  list: (list: Tokens.List, key) => <List key={key} {...list} />,
  table: (table: Tokens.Table, key) => <Table key={key} {...table} />,
}

const INLINES: Partial<Record<string, View>> = {
  br: (_token, key) => <br key={key} />,
  strong: ({ tokens }: Tokens.Strong, key) => <strong key={key}>{inlines(tokens)}</strong>,
  em: ({ tokens }: Tokens.Em, key) => <em key={key}>{inlines(tokens)}</em>,
  del: ({ tokens }: Tokens.Del, key) => <del key={key}>{inlines(tokens)}</del>,
  codespan: ({ text }: Tokens.Codespan, key) => <code key={key}>{text}</code>,
  link: ({ href, tokens }: Tokens.Link, key) => <Link key={key} href={href} content={inlines(tokens)} />,
  image: ({ href, text }: Tokens.Image, key) => <Link key={key} href={href} content={`Image: ${text || href}`} />,
  escape: ({ text }: Tokens.Escape) => text,
}

function blocks(tokens: readonly Token[]): ComponentChildren[] {
  return tokens.map((token, key) => {
    const view = BLOCKS[token.type]
    if (view) return view(token as never, key)
    return token.type === 'text' ? <span key={key}>{inlineText(token)}</span> : inline(token, key)
  })
}

function inlines(tokens: readonly Token[]): ComponentChildren[] {
  return tokens.map(inline)
}

function inline(token: Token, key: number): ComponentChildren {
  const view = INLINES[token.type]
  if (view) return view(token as never, key)
  return token.type === 'text' ? inlineText(token) : token.raw
}

function inlineText(token: Token): ComponentChildren {
  if ('tokens' in token && token.tokens) return inlines(token.tokens)
  return 'text' in token ? withCharacters(token.text) : token.raw
}

function Link({ href, content }: { href: string; content: ComponentChildren }): VNode {
  if (!SAFE_LINK.test(href)) return <span title={href}>{content}</span>
  return (
    <a href={href} rel="noopener noreferrer" target="_blank">
      {content}
    </a>
  )
}

function List({ ordered, start, items }: Tokens.List) {
  const content = items.map(({ task, checked, tokens }, key) => (
    <li key={key}>
      {task && (checked ? '☑ ' : '☐ ')}
      {blocks(tokens.filter(({ type }) => type !== 'checkbox'))}
    </li>
  ))
  return ordered ? <ol start={Number(start) || 1}>{content}</ol> : <ul>{content}</ul>
}

function Table({ header, rows }: Tokens.Table) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide one scrolls, also with the keyboard
    <section class="scroll" tabIndex={0}>
      <table>
        <thead>
          <tr>
            {header.map(({ tokens }, key) => (
              <th key={key}>{inlines(tokens)}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((cells, row) => (
            <tr key={row}>
              {cells.map(({ tokens }, key) => (
                <td key={key}>{inlines(tokens)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

const CHARACTERS: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", nbsp: '\u00a0' }

function withCharacters(text: string): string {
  return text.replaceAll(/&(amp|lt|gt|quot|#39|nbsp);/g, (_all, name: string) => CHARACTERS[name] ?? '')
}

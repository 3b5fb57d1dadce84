import { type ShjLanguageData, type ShjToken, tokenizer } from '@speed-highlight/core/tokenize'
import { useEffect, useState } from 'preact/hooks'
import { languageNamed } from './languages.ts'

/** A longer one would keep the browser busy. */
const MAX_LENGTH = 50_000

type Piece = readonly [text: string, kind: ShjToken | undefined]

/** Code of a language, in colours as soon as the language is loaded. */
export function Highlighted({ code, language }: { code: string; language: string }) {
  const [pieces, setPieces] = useState<readonly Piece[]>([[code, undefined]])
  useEffect(() => {
    let isShown = true
    setPieces([[code, undefined]])
    if (code.length <= MAX_LENGTH) {
      void piecesOf(code, language).then((found) => {
        if (isShown) setPieces(found)
      })
    }
    return () => {
      isShown = false
    }
  }, [code, language])
  return (
    <pre class="code" dir="ltr">
      {pieces.map(([text, kind], index) =>
        kind === undefined ? (
          text
        ) : (
          <span key={index} class={`token-${kind}`}>
            {text}
          </span>
        ),
      )}
    </pre>
  )
}

/** The code, in pieces; in one piece if the language is not known. */
async function piecesOf(code: string, language: string): Promise<Piece[]> {
  const [word = ''] = language.toLowerCase().split(/[\s,{]/)
  const first = await load(word)
  if (!first) return [[code, undefined]]
  const pieces: Piece[] = []
  const steps = tokenizer(code, first, (text, kind) => {
    if (text !== '') pieces.push([text, kind])
  })
  let step = steps.next()
  // A language may hold another one, such as a script in HTML.
  while (!step.done) step = steps.next(await load(step.value))
  return pieces
}

async function load(word: string): Promise<ShjLanguageData | undefined> {
  const name = languageNamed(word)
  if (name === undefined) return undefined
  const loaded = (await import(`@speed-highlight/core/languages/${name}.js`)) as { default: ShjLanguageData }
  return loaded.default
}

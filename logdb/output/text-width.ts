/** Characters that take two columns of a terminal (some of Asia's letters have a half-wide form too), and those that take none. */
const WIDE =
  /(?![\uFF61-\uFFDC])[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303F\uFF00-\uFF60]/u
const EMPTY = /[\p{Mn}\p{Me}\p{Cf}]/u
const ASCII = /^[\x20-\x7E]*$/
const ELLIPSIS = '…'

/** How many columns of a terminal a text takes. */
export function textWidth(text: string): number {
  if (ASCII.test(text)) return text.length
  let width = 0
  for (const character of text) width += characterWidth(character)
  return width
}

function characterWidth(character: string): number {
  if (EMPTY.test(character)) return 0
  return WIDE.test(character) ? 2 : 1
}

/** The text, or its beginning with `…`, in at most this many columns. */
export function cutToWidth(text: string, width: number): string {
  if (text.length <= width && textWidth(text) <= width) return text
  if (width <= 0) return ''
  let [shown, left] = ['', width - 1]
  for (const character of text) {
    left -= characterWidth(character)
    if (left < 0) break
    shown += character
  }
  return shown.trimEnd() + ELLIPSIS
}

export function padEndToWidth(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - textWidth(text)))
}

export function padStartToWidth(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - textWidth(text))) + text
}

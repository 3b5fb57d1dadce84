import type { Term } from './term.ts'

type IndexedTerm = Term & { index: number }

/** How to find messages that match all terms together. */
export interface Split {
  /** Index of the term whose messages are looked at. */
  term: number
  /** True if there are few of them, so that each is looked for with the other terms; else all texts with those are listed. */
  isRare: boolean
}

/**
 * Messages that match all terms together, but in none of their texts alone: what a message says and its reasoning are two
 * texts. `msg` is the first of the texts, `form` the message.
 */
export function splitSql(terms: readonly Term[], { term, isRare }: Split): string {
  const found = terms.map((one, index) => foundAt({ ...one, index }, isRare))
  const somewhere = found.filter((_, index) => index !== term).map((condition) => `AND ${someText(condition)}`)
  return `
  split (msg, form) AS MATERIALIZED (
    SELECT (SELECT min(text) FROM z_msg_form WHERE msg = one.msg), one.msg
    FROM (SELECT DISTINCT msg_form.msg FROM (${textsOf({ ...terms[term], index: term }).join(' UNION ')}) JOIN z_msg_form msg_form USING (text)) one
    WHERE (SELECT count(*) FROM z_msg_form WHERE msg = one.msg) > 1
      ${somewhere.join(' ')}
      AND NOT ${someText(found.join(' AND '))}
  )`
}

/** True if the text `f.text` matches a term. */
function foundAt(term: IndexedTerm, isRare: boolean): string {
  const conditions = textsOf(term).map((query) => {
    return isRare ? `EXISTS (${query} AND rowid = f.text)` : `f.text IN (${query})`
  })
  return `(${conditions.join(' OR ')})`
}

/** The statements that find all texts with a term. */
function textsOf({ words, pairs, index }: IndexedTerm): string[] {
  return [
    ...(words === undefined ? [] : [textsIn('request_text_index', `@words${index}`)]),
    ...(pairs === undefined ? [] : [textsIn('request_text_pairs', `@pairs${index}`)]),
  ]
}

function textsIn(table: string, query: string): string {
  return `SELECT rowid AS text FROM ${table} WHERE ${table} MATCH ${query}`
}

function someText(condition: string): string {
  return `EXISTS (SELECT 1 FROM z_msg_form f WHERE f.msg = one.msg AND ${condition})`
}

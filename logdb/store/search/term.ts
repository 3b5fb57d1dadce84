/**
 * Something a message must hold: an FTS5 query of the words, of the pairs, or of either.
 * @example
 * const term: Term = { words: 'content : "timeout"' }
 */
export interface Term {
  /** For the table request_text_index. */
  words?: string
  /** For the table request_text_pairs, which has runs of characters without spaces. */
  pairs?: string
}

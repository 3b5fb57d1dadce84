import type { SqliteEngine } from '../sqlite/engine.ts'
import { PAIRS_TOKENIZER, TOKENIZER } from './text-index.ts'

/** The words of texts as the tables of the text index have them: in lower case, in the first most without diacritics. */
export interface IndexWords {
  inWords(text: string): string[]
  inPairs(text: string): string[]
}

/** Cuts texts into words for as long as `work` runs. */
export function withIndexWords<T>(engine: SqliteEngine, work: (words: IndexWords) => T): T {
  using db = engine.openAsIs(':memory:')
  const cutBy = (name: string, tokenizer: string) => {
    db.exec(`
      CREATE VIRTUAL TABLE ${name} USING fts5 (content, tokenize = "${tokenizer}", content = '');
      CREATE VIRTUAL TABLE words_of_${name} USING fts5vocab ('${name}', 'row');`)
    return (text: string) => {
      db.exec(`INSERT INTO ${name} (${name}) VALUES ('delete-all')`)
      db.prepare<[string]>(`INSERT INTO ${name} (content) VALUES (?)`).run(text)
      return db.prepareValue<[], string>(`SELECT term FROM words_of_${name}`).all()
    }
  }
  return work({ inWords: cutBy('texts', TOKENIZER), inPairs: cutBy('runs', PAIRS_TOKENIZER) })
}

import type { SqliteEngine } from '../sqlite/engine.ts'
import { TOKENIZER } from './text-index.ts'

/** The words of a text as the text index has them: in lower case, most of them without diacritics. */
export function indexWords(engine: SqliteEngine, text: string): string[] {
  using db = engine.openAsIs(':memory:')
  db.exec(`
    CREATE VIRTUAL TABLE texts USING fts5 (content, tokenize = "${TOKENIZER}", content = '');
    CREATE VIRTUAL TABLE words USING fts5vocab ('texts', 'row');`)
  db.prepare<[string]>('INSERT INTO texts (content) VALUES (?)').run(text)
  return db.prepareValue<[], string>('SELECT term FROM words').all()
}

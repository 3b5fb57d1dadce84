import type { Connection } from '../sqlite/open.ts'
import { buildProof, TEXT_INDEXES } from './text-index.ts'

/** Text indexes that hold something else than the messages say, in words; they are made anew in `temp` to tell. */
export function wrongIndexes(db: Connection): string[] {
  buildProof(db)
  try {
    const wrong = Object.values(TEXT_INDEXES).filter((table) => !isProven(db, table))
    return wrong.map((table) => `${table} is not what the messages say: logdb fts drop, then logdb fts build`)
  } finally {
    for (const table of Object.values(TEXT_INDEXES)) db.exec(`DROP TABLE temp.${table}`)
  }
}

function isProven(db: Connection, table: string): boolean {
  const [stored, proof] = [entriesOf(db, 'main', table), entriesOf(db, 'temp', table)]
  return areEqual(stored.iterate(), proof.iterate())
}

/** Every word, with how often and where it stands: a sum over message, column and place in it. */
function entriesOf(db: Connection, schema: string, table: string) {
  const view = `${schema}_${table}_entries`
  db.exec(`CREATE VIRTUAL TABLE temp.${view} USING fts5vocab ('${schema}', '${table}', 'instance')`)
  const place = '(doc * ("offset" + 17) + unicode(col)) % 1000000007'
  return db.prepare<[], unknown[]>(`SELECT term, count(*), sum(${place}) FROM temp.${view} GROUP BY term`).raw()
}

function areEqual(stored: IterableIterator<unknown[]>, proof: IterableIterator<unknown[]>): boolean {
  try {
    for (const entry of stored) {
      const { value } = proof.next()
      if (!value || entry.some((part, index) => part !== value[index])) return false
    }
    return proof.next().done === true
  } finally {
    proof.return?.()
  }
}

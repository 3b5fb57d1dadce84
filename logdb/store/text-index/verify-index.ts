import type { Connection } from '../sqlite/engine.ts'
import { buildProof, TEXT_INDEXES } from './text-index.ts'

/** Describes text indexes that do not match the messages; they are built again in `temp` to compare. */
export function wrongIndexes(db: Connection): string[] {
  buildProof(db)
  try {
    const wrong = Object.values(TEXT_INDEXES).filter((table) => !isProven(db, table))
    return wrong.map((table) => `${table} does not match the messages: logdb fts drop, then logdb fts build`)
  } finally {
    for (const table of Object.values(TEXT_INDEXES)) db.exec(`DROP TABLE temp.${table}`)
  }
}

function isProven(db: Connection, table: string): boolean {
  const [stored, proof] = [entriesOf(db, 'main', table), entriesOf(db, 'temp', table)]
  return areEqual(stored.iterate(), proof.iterate())
}

/** Every word, with how often and where it occurs: a sum over message, column and position. */
function entriesOf(db: Connection, schema: string, table: string) {
  const view = `${schema}_${table}_entries`
  db.exec(`CREATE VIRTUAL TABLE temp.${view} USING fts5vocab ('${schema}', '${table}', 'instance')`)
  const place = '(doc * ("offset" + 17) + unicode(col)) % 1000000007'
  return db.prepareTuple(`SELECT term, count(*), sum(${place}) FROM temp.${view} GROUP BY term`)
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

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import Driver from 'better-sqlite3'
import { expect, test } from 'vitest'
import { loadSqlite } from '../../../../logdb/store/sqlite/open.ts'
import { tempFolder } from '../../../helpers/temp-folder.ts'

test('no native object is collected, since Node 24 aborts when one is', async () => {
  const natives = watchNatives()
  const engine = await loadSqlite()
  const path = `${tempFolder()}/a.sqlite3`
  const use = () => {
    using db = engine.openWritable(path)
    db.exec('CREATE TABLE t (x)')
    for (const _ of db.prepareTuple('SELECT * FROM t').iterate()) throw new Error('the table has no rows')
    db.prepareValue('SELECT count(*) FROM t').get()
  }
  use()
  natives.stop()
  await collectGarbage()
  const { made, alive } = natives.count()
  expect(made.iterators).toBe(1)
  expect(made.statements).toBeGreaterThanOrEqual(2)
  expect(alive).toEqual(made)
})

test('a statement is made once for each SQL, so that a process that reads for long does not grow', async () => {
  const engine = await loadSqlite()
  const path = `${tempFolder()}/a.sqlite3`
  engine.openWritable(path).close()
  const natives = watchNatives()
  using db = engine.openReadonly(path)
  const before = natives.count().made.statements
  const sql = 'SELECT 1 AS n UNION SELECT 2'
  const read = () => [db.prepare(sql).all(), db.prepareValue(sql).all(), db.prepareTuple(sql).all()]
  for (let times = 0; times < 10; times++)
    expect(read()).toEqual([
      [{ n: 1 }, { n: 2 }],
      [1, 2],
      [[1], [2]],
    ])
  expect(natives.count().made.statements - before).toBe(3)
  const nested = [...db.prepareValue<[], number>(sql).iterate()].map((n) => [n, db.prepareValue(sql).all()])
  expect(nested).toEqual([1, 2].map((n) => [n, [1, 2]]))
  for (const n of db.prepareValue<[], number>(sql).iterate()) expect([n, db.prepareValue(sql).get()]).toEqual([n, 1])
  natives.stop()
})

/** Counts the statements and iterators that better-sqlite3 makes. */
function watchNatives() {
  const database = new Driver(':memory:')
  const [symbol] = Object.getOwnPropertySymbols(database)
  const databases = Object.getPrototypeOf(Reflect.get(database, symbol as symbol))
  const statements = Object.getPrototypeOf(database.prepare('SELECT 1'))
  const made = { statements: [] as WeakRef<object>[], iterators: [] as WeakRef<object>[] }
  const { prepare } = databases
  const { iterate } = statements
  databases.prepare = function (...args: unknown[]) {
    return noted(made.statements, prepare.apply(this, args))
  }
  statements.iterate = function (...args: unknown[]) {
    return noted(made.iterators, iterate.apply(this, args))
  }
  const countBy = (isCounted: (reference: WeakRef<object>) => boolean) => ({
    statements: made.statements.filter(isCounted).length,
    iterators: made.iterators.filter(isCounted).length,
  })
  const stop = () => {
    databases.prepare = prepare
    statements.iterate = iterate
  }
  return {
    stop,
    count: () => ({ made: countBy(() => true), alive: countBy((reference) => reference.deref() !== undefined) }),
  }
}

function noted<T extends object>(list: WeakRef<object>[], native: T): T {
  list.push(new WeakRef(native))
  return native
}

async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  // A weak reference holds its target until the turn of the event loop ends.
  await new Promise((resolve) => setImmediate(resolve))
  collect()
}

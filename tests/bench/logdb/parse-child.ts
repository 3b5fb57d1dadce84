/**
 * `parse-child.ts FILE`: what ingest is compared with. Reads a log as one text, splits it at the record headers (or
 * lines), gives each piece to JSON.parse, and prints how many milliseconds that took.
 */
import { readFileSync, writeSync } from 'node:fs'

const HEADER = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d - [A-Z]+ - /m
const STDOUT = 1

const [path = ''] = process.argv.slice(2)
const startedMs = performance.now()
const text = readFileSync(path, 'utf8')
for (const piece of text.split(path.endsWith('.jsonl') ? '\n' : HEADER)) if (piece !== '') JSON.parse(piece)
writeSync(STDOUT, `${performance.now() - startedMs}\n`)

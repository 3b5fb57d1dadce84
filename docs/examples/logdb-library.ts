// Reads the logs of a folder and reports on them. Run it with: node logdb-library.ts LOGS DATABASE (Node 22.18 or newer; with
// older ones: npx tsx logdb-library.ts LOGS DATABASE).
import {
  findDialog,
  findRequest,
  HIT_END,
  HIT_START,
  ingest,
  parseQuery,
  query,
  readSettings,
  requestTurns,
  responseTurns,
  search,
  stats,
  UserError,
} from 'ai-deploy/logdb'

const [from = 'logs', out = 'logs/db'] = process.argv.slice(2)

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

async function report(): Promise<void> {
  const { rowsInserted } = await ingest({ from, out, settings: readSettings(process.env) })
  print(`${rowsInserted} new requests`)

  const { total, models } = await stats({ out })
  print(`${total.requests} requests, ${total.errors} errors, p95 ${total.latencyMs.p95} ms`)
  for (const { name, requests, tokensOut } of models) print(`  ${name}: ${requests} requests, ${tokensOut} tokens`)

  const sql = 'SELECT endpoint, count(*) FROM requests GROUP BY endpoint ORDER BY 2 DESC'
  await query({ out, sql }, ({ rows }) => {
    for (const [endpoint, count] of rows) print(`  ${endpoint}: ${count} requests`)
  })

  const { hits } = await search(out, { query: parseQuery('timeout'), limit: 3, snippetWords: 12 })
  for (const { requestId, role, snippet } of hits) {
    print(`${requestId.slice(0, 8)} ${role}: ${snippet.replaceAll(HIT_START, '[').replaceAll(HIT_END, ']')}`)
  }
  const [latest] = hits
  if (latest) await show(latest.requestId)
}

/** Prints what was said in a request, and how many requests continue the same conversation. */
async function show(id: string): Promise<void> {
  const { request_json, response_json } = await findRequest(out, id)
  const turns = [...requestTurns(JSON.parse(request_json)), ...responseTurns(JSON.parse(response_json))]
  for (const { role, parts } of turns) print(`  ${role}: ${parts.map(({ text }) => text).join(' ')}`)
  const conversation = [...(await findDialog(out, id))]
  print(`  ${conversation.length} requests in this conversation`)
}

report().catch((error: unknown) => {
  if (!(error instanceof UserError)) throw error
  process.stderr.write(`${error.message} (${error.code}). Hint: ${error.hint}\n`)
  process.exitCode = error.exitCode
})

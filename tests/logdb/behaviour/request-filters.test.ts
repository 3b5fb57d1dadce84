import { beforeAll, expect } from 'vitest'
import { type ListOptions, listRequests } from '../../../logdb/verbs/list/list.ts'
import { chat, jsonl, record, timestampAt } from '../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../helpers/logdb/sqlite-test.ts'
import { type Workspace, workspace } from '../../helpers/logdb/workspace.ts'
import { sharedTempFolder } from '../../helpers/temp-folder.ts'

const TOOL = { type: 'function', function: { name: 'ls', parameters: {} } }
/** By what the user said; each has something that a filter looks for. */
const RECORDS: Record<string, Parameters<typeof record>[0]> = {
  plain: {},
  provider: { provider: 'groq' },
  streamed: { stream: true },
  tools: { request: { ...chat('tools'), tools: [TOOL] } },
  functions: { request: { ...chat('functions'), functions: [{ name: 'ls' }] } },
  'says "tools": [{': {},
  'responses tools': { endpoint: '/v1/responses', request: { input: 'responses tools', tools: [TOOL] } },
  failed: { status_code: 502, outcome: 'upstream_error' },
  'cut off': { status_code: 499, outcome: 'client_aborted' },
  rejected: { status_code: 200, outcome: 'rejected' },
  dialog: { dialog_id: 'd1' },
  slow: { latency_ms: 9000 },
  large: { usage: { prompt_tokens: 900, completion_tokens: 100 } },
}

const FOLDER = sharedTempFolder()
let space: Workspace

beforeAll(async () => {
  space = workspace(FOLDER)
  const records = Object.entries(RECORDS).map(([question, fields], index) =>
    record({ x_request_id: question, timestamp: timestampAt(index), request: chat(question), ...fields }),
  )
  space.write('requests-x.jsonl', jsonl(records))
  await space.ingest()
})

type Filter = Omit<ListOptions, 'out' | 'limit'>

async function found(filter: Filter): Promise<(string | undefined)[]> {
  const { requests } = await listRequests({ out: space.db, limit: 99, ...filter })
  return requests.map(({ question }) => question).reverse()
}

const except = (...questions: string[]) => Object.keys(RECORDS).filter((question) => !questions.includes(question))
const WITH_TOOLS = ['tools', 'functions', 'responses tools']
const CASES: [title: string, Filter, expected: string[]][] = [
  ['of a provider', { provider: 'groq' }, ['provider']],
  ['with an outcome', { outcome: 'client_aborted' }, ['cut off']],
  ['that were streamed', { isStream: true }, ['streamed']],
  ['that were not streamed', { isStream: false }, except('streamed')],
  ['that offer tools', { hasTools: true }, WITH_TOOLS],
  ['that offer no tools', { hasTools: false }, except(...WITH_TOOLS)],
  ['that failed', { hasError: true }, ['failed', 'rejected']],
  ['that did not fail', { hasError: false }, except('failed', 'rejected')],
  ['of a dialog', { dialog: 'd1' }, ['dialog']],
  ['that took long', { latencyMs: { from: 9000 } }, ['slow']],
  ['that took less long', { latencyMs: { to: 8999.5 } }, except('slow')],
  ['with this many tokens', { tokens: { from: 1000, to: 1000 } }, ['large']],
  ['that pass every filter', { tokens: { from: 1 }, hasError: true, outcome: 'rejected' }, ['rejected']],
]

for (const [title, filter, expected] of CASES) {
  sqliteTest(`a list has only requests ${title}`, async () => {
    expect(await found(filter)).toEqual(expected)
  })
}

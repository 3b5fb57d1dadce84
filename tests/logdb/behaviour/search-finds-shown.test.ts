import { expect, test } from 'vitest'
import { requestTurns, responseTurns } from '../../../logdb/conversation/turns.ts'
import { wordsOf } from '../../../logdb/record/pairs.ts'
import { openSearcher } from '../../../logdb/verbs/search/search.ts'
import { parseQuery } from '../../../logdb/verbs/search/text-query.ts'
import { jsonl, record, timestampAt } from '../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../helpers/logdb/sqlite-test.ts'
import { workspace } from '../../helpers/logdb/workspace.ts'

const user = (...content: object[]) => ({ messages: [{ role: 'user', content }] })
const assistant = (message: object) => ({ messages: [{ role: 'assistant', content: null, ...message }] })
const block = (...content: object[]) => ({ role: 'assistant', content })
const choice = (message: object) => ({
  choices: [{ index: 0, message: { role: 'assistant', content: null, ...message } }],
})
const output = (...items: object[]) => ({ output: items })

/** Requests in all shapes that `show` knows; each has words of its own. */
const REQUESTS: Record<string, unknown> = {
  'a tool call': assistant({ tool_calls: [{ function: { name: 'lookup', arguments: '{"city":"Oslo","days":[3]}' } }] }),
  'a custom tool call': assistant({
    tool_calls: [{ type: 'custom', custom: { name: 'patcher', input: 'begin patch\nend' } }],
  }),
  'an old function call': assistant({ function_call: { name: 'legacy', arguments: '{"x":"yonder"}' } }),
  'a named result': { messages: [{ role: 'tool', name: 'weatherman', tool_call_id: 'c', content: 'cloudy' }] },
  'a result of an old function': { messages: [{ role: 'function', name: 'oldtimer', content: 'dusty' }] },
  completions: { prompt: ['upon once', 'thereafter'] },
  'a document of Anthropic': user({
    type: 'document',
    title: 'Almanac',
    context: 'a yearly book',
    source: { type: 'text', media_type: 'text/plain', data: `moonrise ${'x '.repeat(300)} tides` },
    citations: { enabled: true },
  }),
  'a document of blocks': user({
    type: 'document',
    source: { type: 'content', content: [{ type: 'text', text: 'leaflet' }] },
  }),
  'a document of a file': user({ type: 'document', title: 'Ledger', source: { type: 'file', file_id: 'file-ledger' } }),
  'a found text': user({
    type: 'search_result',
    source: 'https://shelf.example',
    title: 'Bookshelf',
    content: [{ type: 'text', text: 'spines' }],
  }),
  'a tool of Anthropic': {
    system: [{ type: 'text', text: 'behave nicely', cache_control: { type: 'ephemeral' } }],
    messages: [
      block(
        { type: 'thinking', thinking: 'ponder', signature: 'sig' },
        { type: 'tool_use', name: 'fetcher', input: { path: '/etc' } },
      ),
      {
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: 't', content: [{ type: 'text', text: 'fetched' }] }],
      },
      { role: 'user', content: [{ type: 'mcp_tool_result', content: 'viaserver', is_error: false }] },
    ],
  },
  'a file': user({ type: 'file', file: { filename: 'report.pdf', file_id: 'file-abc' } }),
  Gemini: {
    systemInstruction: { parts: [{ text: 'obey' }] },
    contents: [
      {
        role: 'model',
        parts: [{ text: 'musing', thought: true }, { functionCall: { name: 'geo', args: { place: 'Bergen' } } }],
      },
      { role: 'user', parts: [{ functionResponse: { name: 'geo', response: { sky: 'clear' } } }] },
      {
        role: 'model',
        parts: [
          { executableCode: { language: 'PYTHON', code: 'sqrt(49)' } },
          { codeExecutionResult: { output: 'seven' } },
        ],
      },
    ],
  },
  'items of the Responses API': {
    instructions: 'answer briefly',
    input: [
      { type: 'custom_tool_call_output', call_id: 'c', output: 'applied cleanly' },
      { type: 'local_shell_call_output', id: 'c', output: '{"stdout":"listing"}' },
      {
        type: 'shell_call_output',
        call_id: 'c',
        output: [{ stdout: 'printed', stderr: 'complained', outcome: { type: 'exit' } }],
      },
      { type: 'apply_patch_call_output', call_id: 'c', status: 'failed', output: 'hunk rejected' },
      {
        type: 'computer_call_output',
        call_id: 'c',
        output: { type: 'computer_screenshot', image_url: 'data:image/png' },
      },
      { type: 'function_call_output', call_id: 'c', output: [{ type: 'input_text', text: 'inputted' }] },
    ],
  },
  'a body that is not JSON': { _invalid_body: '{"broken": tru' },
  'a body that is too long': { model: 'm', _truncated: { bytes: 9, head: '{"header', tail: 'trailer"}' } },
  'something unknown': user({ type: 'hologram', frames: [{ depicts: 'lighthouse' }] }),
}

const RESPONSES: Record<string, unknown> = {
  reasoning: choice({ content: 'concluded', reasoning_content: 'deduced' }),
  'details of reasoning': choice({
    content: 'therefore',
    reasoning: 'inferred',
    reasoning_details: [
      { type: 'reasoning.text', text: 'inferred' },
      { type: 'reasoning.summary', summary: 'summarised thus' },
      { type: 'reasoning.encrypted', data: 'AAAA' },
    ],
  }),
  'a refusal and a sound': {
    choices: [
      choice({ refusal: 'declined' }).choices[0],
      choice({ audio: { id: 'a', transcript: 'spoken' } }).choices[0],
    ],
  },
  'citations of chat': choice({
    content: 'cited',
    annotations: [{ type: 'url_citation', url_citation: { url: 'https://gazette.example/p', title: 'Gazette' } }],
  }),
  'a web search': output(
    {
      type: 'web_search_call',
      id: 'w',
      status: 'completed',
      action: { type: 'search', query: 'harbour times', sources: [{ type: 'url', url: 'https://port.example' }] },
    },
    {
      type: 'message',
      role: 'assistant',
      content: [
        {
          type: 'output_text',
          text: 'sailing',
          annotations: [{ type: 'url_citation', url: 'https://ferry.example', title: 'Ferries' }],
        },
      ],
    },
  ),
  'a file search': output({
    type: 'file_search_call',
    id: 'f',
    queries: ['parish register'],
    results: [{ filename: 'p.txt', text: 'baptised', score: 0.5 }],
  }),
  'a code interpreter': output({
    type: 'code_interpreter_call',
    code: 'plot(sinus)',
    outputs: [
      { type: 'logs', logs: 'plotted' },
      { type: 'image', url: 'https://x' },
    ],
  }),
  shells: output(
    { type: 'local_shell_call', action: { type: 'exec', command: ['grep', 'needle'], env: {} } },
    { type: 'shell_call', action: { commands: ['make install'] } },
    { type: 'apply_patch_call', operation: { type: 'update_file', path: 'readme.txt', diff: 'plus minus' } },
  ),
  'a computer': output({
    type: 'computer_call',
    action: { type: 'type', text: 'typed words' },
    pending_safety_checks: [],
  }),
  'an image': output({ type: 'image_generation_call', revised_prompt: 'a watercolour heron', result: 'AAAA' }),
  'a custom tool of the Responses API': output({ type: 'custom_tool_call', name: 'codegen', input: 'emit bytecode' }),
  'an MCP server': output(
    { type: 'mcp_call', name: 'wiki', server_label: 's', arguments: '{"page":"Fjord"}', output: 'inlet', error: null },
    { type: 'mcp_call', name: 'wiki2', arguments: '{}', error: { type: 'http_error', message: 'unreachable' } },
    { type: 'mcp_list_tools', server_label: 'listing-server', tools: [{ name: 'browse' }] },
  ),
  'reasoning of the Responses API': output({
    type: 'reasoning',
    summary: [{ type: 'summary_text', text: 'gist' }],
    content: [{ type: 'reasoning_text', text: 'verbose' }],
  }),
  'tools that Anthropic runs': block(
    { type: 'server_tool_use', name: 'web_search', input: { query: 'lichen' } },
    {
      type: 'web_search_tool_result',
      content: [{ type: 'web_search_result', url: 'https://moss.example', title: 'Mosses', encrypted_content: 'AA' }],
    },
    {
      type: 'code_execution_tool_result',
      content: { type: 'code_execution_result', stdout: 'executed', stderr: 'warned', return_code: 0 },
    },
    {
      type: 'text',
      text: 'grows',
      citations: [{ type: 'char_location', cited_text: 'on bark', document_title: 'Flora' }],
    },
    {
      type: 'web_fetch_tool_result',
      content: {
        type: 'web_fetch_result',
        url: 'https://fern.example',
        content: { type: 'document', source: { type: 'text', data: 'fronds' } },
      },
    },
  ),
  'an error with what the provider said': {
    error: {
      message: 'Provider returned error',
      code: 429,
      metadata: { raw: '{"detail":"throttled upstream"}', provider_name: 'Chutes' },
    },
  },
  'an error without a message': { error: { status: 'UNAVAILABLE', details: ['x'.repeat(600), 'overloaded'] } },
  'an error whose message is an object': { error: { message: { reason: 'nested' }, code: 'odd' } },
  'an error that is a text': { error: 'plainly wrong' },
}

/** Words of all that `show` prints, except notes of media. */
function shownWords(request: unknown, response: unknown): Set<string> {
  const parts = [...requestTurns(request), ...responseTurns(response)].flatMap((turn) => turn.parts)
  const texts = parts.flatMap(({ name = '', text, isMedia }) => (isMedia ? [] : [name, text]))
  return new Set(texts.flatMap(wordsOf))
}

/** What `show` says itself about a body that it replaces. */
const OWN_WORDS = ['not', 'JSON', 'logged', 'in', 'part', 'bytes', '9']

sqliteTest('search finds every word that show prints of a request and its answer, in every shape', async () => {
  const shapes = [
    ...Object.entries(REQUESTS).map(([shape, request]) => ({
      shape,
      request,
      response: choice({ content: `fine ${shape}` }),
    })),
    ...Object.entries(RESPONSES).map(([shape, response]) => ({ shape, request: { messages: [] }, response })),
  ]
  const space = workspace()
  const records = shapes.map(({ shape, request, response }, index) => {
    return record({ timestamp: timestampAt(index), x_request_id: shape, request, response })
  })
  space.write('requests-a.jsonl', jsonl(records))
  expect((await space.ingest()).rowsInserted).toBe(shapes.length)
  const ids = new Map(
    (await space.query<{ id: string; shape: string }>('SELECT request_id AS id, x_request_id AS shape FROM z_req')).map(
      ({ id, shape }) => [shape, id],
    ),
  )
  const searcher = await openSearcher(space.db)
  const missing = shapes.flatMap(({ shape, request, response }) => {
    const words = [...shownWords(request, response)].filter((word) => !OWN_WORDS.includes(word))
    expect([shape, words.length > 0]).toEqual([shape, true])
    const isFound = (word: string) => {
      const { hits } = searcher.search({ query: parseQuery(word), limit: 200, snippetWords: 1 })
      return hits.some(({ requestId }) => requestId === ids.get(shape))
    }
    return words.filter((word) => !isFound(word)).map((word) => [shape, word])
  })
  searcher.close()
  expect(missing).toEqual([])
})

test('of every answer something is shown that is not a note', () => {
  const shown = Object.entries({ ...RESPONSES }).map(([shape, response]) => {
    return [
      shape,
      responseTurns(response)
        .flatMap(({ parts }) => parts)
        .some(({ kind }) => kind !== 'note'),
    ]
  })
  expect(shown.filter(([, isShown]) => !isShown)).toEqual([])
})

import { expect, test } from 'vitest'
import { tokenCounts } from '../../../../proxy/apis/usage/token-counts.ts'

test.for([
  ['OpenAI, chat', { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 }, { in: 7, out: 5 }],
  [
    'OpenAI, chat, with parts',
    {
      prompt_tokens: 100,
      completion_tokens: 50,
      total_tokens: 150,
      prompt_tokens_details: { cached_tokens: 64, audio_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 30 },
    },
    { in: 100, out: 50, cacheRead: 64, reasoning: 30 },
  ],
  [
    'OpenAI, Responses',
    {
      input_tokens: 100,
      input_tokens_details: { cached_tokens: 64 },
      output_tokens: 50,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: 150,
    },
    { in: 100, out: 50, cacheRead: 64, reasoning: 0 },
  ],
  ['embeddings', { prompt_tokens: 7, total_tokens: 7 }, { in: 7 }],
  ['Anthropic without a cache', { input_tokens: 7, output_tokens: 5 }, { in: 7, out: 5 }],
  [
    'Anthropic',
    {
      input_tokens: 7,
      cache_read_input_tokens: 1000,
      cache_creation_input_tokens: 300,
      cache_creation: { ephemeral_5m_input_tokens: 100, ephemeral_1h_input_tokens: 200 },
      output_tokens: 5,
      output_tokens_details: { thinking_tokens: 3 },
    },
    { in: 1307, out: 5, cacheRead: 1000, cacheWrite5m: 100, cacheWrite1h: 200, reasoning: 3 },
  ],
  [
    'Anthropic, older',
    { input_tokens: 7, cache_creation_input_tokens: 300, cache_read_input_tokens: null, output_tokens: 5 },
    { in: 307, out: 5, cacheWrite5m: 300 },
  ],
  [
    'OpenRouter',
    {
      prompt_tokens: 194,
      prompt_tokens_details: { cached_tokens: 0, cache_write_tokens: 100 },
      completion_tokens: 2,
      completion_tokens_details: { reasoning_tokens: 0 },
      total_tokens: 196,
      cost: 0.95,
    },
    { in: 194, out: 2, cacheRead: 0, cacheWrite5m: 100, reasoning: 0 },
  ],
  [
    'names of both, as some gateways send',
    { prompt_tokens: 1300, cache_read_input_tokens: 1000, cache_creation_input_tokens: 200, completion_tokens: 5 },
    { in: 1300, out: 5, cacheRead: 1000, cacheWrite5m: 200 },
  ],
  [
    'DeepSeek',
    { prompt_tokens: 10, prompt_cache_hit_tokens: 6, prompt_cache_miss_tokens: 4, completion_tokens: 5 },
    { in: 10, out: 5, cacheRead: 6 },
  ],
  [
    'Gemini, whose reasoning is only in the total',
    { prompt_tokens: 10, completion_tokens: 5, total_tokens: 40 },
    { in: 10, out: 30, reasoning: 25 },
  ],
  [
    'xAI, whose reasoning is not in the output',
    {
      prompt_tokens: 10,
      completion_tokens: 5,
      completion_tokens_details: { reasoning_tokens: 25 },
      total_tokens: 40,
    },
    { in: 10, out: 30, reasoning: 25 },
  ],
  [
    'a total that nothing explains',
    { prompt_tokens: 10, completion_tokens: 5, completion_tokens_details: { reasoning_tokens: 2 }, total_tokens: 40 },
    { in: 10, out: 5, reasoning: 2 },
  ],
  ['nothing', {}, {}],
  [
    'what is no count',
    { prompt_tokens: '7', completion_tokens: -1, total_tokens: 1.5, prompt_tokens_details: [], cache_creation: 'x' },
    {},
  ],
] as const)('%s', ([, usage, counts]) => {
  expect(tokenCounts(usage)).toEqual(counts)
})

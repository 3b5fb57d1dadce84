// Talks to the gateway with OpenAI's SDK for TypeScript: npm install openai
//   OPENAI_BASE_URL=http://127.0.0.1:8123/v1 OPENAI_API_KEY=your-key MODEL=echo npx tsx openai-sdk.ts
// The SDK reads the first two variables. The key is one of API_KEYS; a gateway without API_KEYS accepts any text.
import { stdout } from 'node:process'
import OpenAI from 'openai'

const client = new OpenAI()
const model = process.env['MODEL'] ?? 'echo'
const messages = [{ role: 'user' as const, content: 'Hello from TypeScript' }]

// X-Dialog-Id puts the request into a dialog of the log: `logdb dialog my-first-dialog` shows it.
const completion = await client.chat.completions.create(
  { model, messages },
  { headers: { 'X-Dialog-Id': 'my-first-dialog' } },
)
stdout.write(`answer: ${completion.choices[0]?.message.content}\n`)
// `logdb show ID` finds the request by this id.
stdout.write(`request: ${completion._request_id}\n`)

stdout.write('stream: ')
for await (const chunk of await client.chat.completions.create({ model, messages, stream: true })) {
  stdout.write(chunk.choices[0]?.delta.content ?? '')
}
stdout.write('\n')

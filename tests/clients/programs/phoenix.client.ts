import { expect, onTestFinished, test } from 'vitest'
import { startForClients } from '../../helpers/clients/gateway-for-clients.ts'
import { describeInstalled, fromPyPi } from '../../helpers/clients/packages.ts'
import { eventually } from '../../helpers/gateway/gateway.ts'
import { freePort, startServer } from '../../helpers/process/server-process.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

const phoenix = fromPyPi('arize-phoenix==20.26.1')

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = '00f067aa0ba902b7'
const START_TIMEOUT_MS = 120_000

interface PhoenixSpan {
  name: string
  context: { trace_id: string; span_id: string }
  parent_id: string | null
  status_code: string
  attributes: Record<string, unknown>
}

async function startPhoenix() {
  const port = await freePort()
  const folder = tempFolder()
  const env = {
    HOME: folder,
    PHOENIX_WORKING_DIR: folder,
    PHOENIX_HOST: '127.0.0.1',
    PHOENIX_PORT: String(port),
    PHOENIX_GRPC_PORT: String(await freePort()),
    PHOENIX_TELEMETRY_ENABLED: 'false',
  }
  const options = { cwd: folder, env, port, timeoutMs: START_TIMEOUT_MS }
  const server = await startServer([phoenix.program('phoenix'), 'serve'], options)
  onTestFinished(server.kill)
  const url = `http://127.0.0.1:${port}`
  const project = `${url}/v1/projects/default/spans`
  const spans = async () => {
    const { data } = (await (await fetch(`${project}?trace_id=${TRACE}`)).json()) as { data: PhoenixSpan[] }
    return data
  }
  const add = (span: object) =>
    fetch(project, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ data: [span] }),
    })
  return { url, spans, add }
}

describeInstalled(phoenix)('Phoenix', () => {
  test('shows the span of a request below the span of the app that sent it', async () => {
    const { url, spans, add } = await startPhoenix()
    const [start_time, end_time] = ['2026-11-29T10:00:00Z', '2026-11-29T10:00:01Z']
    const context = { trace_id: TRACE, span_id: PARENT }
    await add({ name: 'my app', context, span_kind: 'CHAIN', start_time, end_time, status_code: 'OK' })
    const gateway = await startForClients({ OTEL_EXPORTER_OTLP_ENDPOINT: url })
    const { records } = await gateway.exchangesOf(() =>
      fetch(`${gateway.url}/v1/chat/completions`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${gateway.key}`,
          traceparent: `00-${TRACE}-${PARENT}-01`,
        },
        body: JSON.stringify({ model: 'gpt-5', messages: [{ role: 'user', content: 'a private word' }] }),
      }),
    )
    const shown = await eventually(
      async () => {
        const all = await spans()
        expect(all).toHaveLength(2)
        return all
      },
      { timeout: 30_000 },
    )
    expect(records).toMatchObject([{ trace_id: TRACE, outcome: 'ok' }])
    expect(shown.find(({ name }) => name !== 'my app')).toMatchObject({ name: 'chat gpt-5', parent_id: PARENT })
    expect(JSON.stringify(shown)).toContain(records[0]?.x_request_id)
    expect(JSON.stringify(shown)).not.toContain('private')
  })
})

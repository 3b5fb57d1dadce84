import { useSignal } from '@preact/signals'
import { hasScript } from '../has-script.ts'
import type { Tab } from './request-data.ts'

const SHOWN_MS = 1500
const INDENT = 2

/** Copies a text, which may be fetched first. */
export function CopyButton({ name, textOf }: { name: string; textOf: () => Promise<string> }) {
  const state = useSignal<'' | 'Copied' | 'Not copied'>('')
  if (!hasScript.value) return null
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(await textOf())
      state.value = 'Copied'
    } catch {
      state.value = 'Not copied'
    }
    setTimeout(() => {
      state.value = ''
    }, SHOWN_MS)
  }
  return (
    <button type="button" onClick={() => void copy()}>
      <span aria-live="polite">{state.value || name}</span>
    </button>
  )
}

/** A command that sends the same request to a gateway again; the user gives its URL and a key. */
export async function copiedCurl(id: string, endpoint: string): Promise<string> {
  const body = JSON.stringify((await recordOf(id))['request_json'])
  return [
    `curl "$GATEWAY_URL${endpoint}"`,
    `-H "Authorization: Bearer $GATEWAY_API_KEY"`,
    `-H 'Content-Type: application/json'`,
    `--data-raw '${body.replaceAll("'", `'\\''`)}'`,
  ].join(' \\\n  ')
}

/** The body that a tab shows, or else the whole record. */
export async function copiedJson(id: string, tab: Tab): Promise<string> {
  const record = await recordOf(id)
  const body = tab === 'request' || tab === 'response' ? record[`${tab}_json`] : record
  return JSON.stringify(body, undefined, INDENT)
}

async function recordOf(id: string): Promise<Record<string, unknown>> {
  const answer = await fetch(`/ui/v1/requests/${encodeURIComponent(id)}`)
  if (!answer.ok) throw new Error(`status ${answer.status}`)
  return (await answer.json()) as Record<string, unknown>
}

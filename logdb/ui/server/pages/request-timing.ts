import type { Timing } from '../../app/request/request-data.ts'

interface Times {
  ts: number
  timestamp: string | null
  latency_ms: number | null
  ttfb_ms: number | null
  overhead_ms: number | null
  dispatched_ms: number | null
  retries: number | null
}

/** When a request was received, went to a provider and was answered, as far as the log says. */
export function timingOf({ ts, timestamp, ...times }: Times): Timing {
  const { latency_ms, ttfb_ms, dispatched_ms } = times
  if (latency_ms === null) return { moments: [], spans: [], retries: null }
  const endMs = timestamp === null ? ts * 1000 : Date.parse(timestamp)
  const moment = (name: string, afterMs: number) => {
    return { name, afterMs, time: new Date(endMs - latency_ms + afterMs).toISOString() }
  }
  return {
    moments: [
      moment('Received', 0),
      ...(dispatched_ms === null ? [] : [moment('Sent to the provider', dispatched_ms)]),
      ...(ttfb_ms === null ? [] : [moment('First byte of the answer', ttfb_ms)]),
      moment('End', latency_ms),
    ],
    spans: spansOf({ ...times, latency_ms }),
    retries: dispatched_ms === null ? null : (times.retries ?? 0),
  }
}

type Spans = Omit<Times, 'ts' | 'timestamp' | 'retries'> & { latency_ms: number }

/** Older records do not say when a request went to the provider: then the gateway's whole own time stands first. */
function spansOf({ latency_ms, ttfb_ms, overhead_ms, dispatched_ms }: Spans): Timing['spans'] {
  const sentMs = dispatched_ms ?? overhead_ms
  const waitsFromMs = sentMs ?? 0
  return [
    ...(sentMs === null ? [] : [{ name: 'The gateway itself', fromMs: 0, toMs: sentMs }]),
    { name: 'Waiting for the first byte', fromMs: waitsFromMs, toMs: Math.max(ttfb_ms ?? latency_ms, waitsFromMs) },
    ...(ttfb_ms === null ? [] : [{ name: 'The rest of the answer', fromMs: ttfb_ms, toMs: latency_ms }]),
  ]
}

import type { Timing } from '../../app/request/request-data.ts'

interface Times {
  ts: number
  timestamp: string | null
  latency_ms: number | null
  ttfb_ms: number | null
  overhead_ms: number | null
}

/** When a request was received, when the answer began and when it ended, as far as the log says. */
export function timingOf({ ts, timestamp, latency_ms, ttfb_ms, overhead_ms }: Times): Timing {
  if (latency_ms === null) return { moments: [], spans: [] }
  const endMs = timestamp === null ? ts * 1000 : Date.parse(timestamp)
  const moment = (name: string, afterMs: number) => {
    return { name, afterMs, time: new Date(endMs - latency_ms + afterMs).toISOString() }
  }
  const firstMs = ttfb_ms ?? latency_ms
  return {
    moments: [
      moment('Received', 0),
      ...(ttfb_ms === null ? [] : [moment('First byte of the answer', ttfb_ms)]),
      moment('End', latency_ms),
    ],
    spans: [
      ...(overhead_ms === null ? [] : [{ name: 'The gateway itself', fromMs: 0, toMs: overhead_ms }]),
      { name: 'Waiting for the first byte', fromMs: overhead_ms ?? 0, toMs: Math.max(firstMs, overhead_ms ?? 0) },
      ...(ttfb_ms === null ? [] : [{ name: 'The rest of the answer', fromMs: ttfb_ms, toMs: latency_ms }]),
    ],
  }
}

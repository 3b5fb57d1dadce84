import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

export interface Target {
  url: string
  headers: Record<string, string>
}

export interface LoadOptions {
  connections: number
  durationS: number
  /** Of each request, JSON. */
  body: string
  /** For the script that wrk reads. */
  folder: string
}

export interface LoadResult {
  requests: number
  requestsPerS: number
  p50Ms: number
  p99Ms: number
  /** Answers other than 2xx and broken connections. */
  failed: number
}

const run = promisify(execFile)

/** Posts one body over and over. */
export async function wrk({ url, headers }: Target, options: LoadOptions): Promise<LoadResult> {
  const script = join(options.folder, 'post.lua')
  writeFileSync(script, luaScript({ 'content-type': 'application/json', ...headers }, options.body))
  const args = ['-t1', `-c${options.connections}`, `-d${options.durationS}s`, '--timeout', '10s', '-s', script, url]
  const { stdout } = await run('wrk', args)
  return JSON.parse(stdout.slice(stdout.lastIndexOf('{')))
}

function luaScript(headers: Record<string, string>, body: string): string {
  const lines = Object.entries(headers).map(([name, value]) => `wrk.headers[ ${lua(name)} ] = ${lua(value)}`)
  return `wrk.method = "POST"
wrk.body = ${lua(body)}
${lines.join('\n')}
function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format('{"requests":%d,"requestsPerS":%f,"p50Ms":%f,"p99Ms":%f,"failed":%d}',
    summary.requests, summary.requests / summary.duration * 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, failed))
end
`
}

/** A long bracket, in which Lua reads no escapes. */
function lua(text: string): string {
  return `[==[${text}]==]`
}

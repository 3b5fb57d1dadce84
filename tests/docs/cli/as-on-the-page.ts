import type { StandInProject } from '../../helpers/server/stand-in-project.ts'

/** Ids of releases, in the order in which a text names them. */
const IDS = ['20261129-101112', '20261130-090807']

const DRILL: [RegExp, string][] = [
  [/All \d+ requests/, 'All 142 requests'],
  [/\d+ keep-alive, \d+ new connection, \d+ stream/, '87 keep-alive, 43 new connection, 12 stream'],
  [/^(by +\S+) \d+, (\S+) \d+$/m, 'by        20261129-101112 81, 20261129-101112-2 61'],
  [/^switches .*$/m, 'switches  0.31 s, 0.28 s'],
  [/^slowest .*$/m, 'slowest   64 ms (new connection)'],
  [
    /^\S+Z (ai-deploy drill of .*: 0 of).*$/m,
    '2026-11-30T09:08:07Z $1 142 requests failed, 2 switches in 0.31 s and 0.28 s, slowest answer 64 ms',
  ],
]

/** What a command printed, with the same names, numbers and times at every run, and as if it were on a real server. */
export function asOnThePage(text: string, { server, url }: StandInProject): string {
  const port = Number(new URL(url).port)
  const ids = [...new Set(text.match(/\b\d{8}-\d{6}\b/g))].sort()
  const replaced: [RegExp | string, string][] = [
    [new RegExp(url, 'g'), 'https://llm.example.com'],
    [/llm\.test\.invalid/g, 'llm.example.com'],
    [new RegExp(server.folder, 'g'), '/root/ai-proxy'],
    ['On localhost:', 'On my-server:'],
    ['connected to localhost', 'connected to my-server'],
    [/^FAIL( +way to \d+ +).*\n.*\n/gm, 'pass$1a connection from here works\n'],
    [/^✖ 1 of \d+ checks failed: way.*\n.*\n/m, ''],
    [new RegExp(`(port|to) ${port + 1}\\b`, 'g'), '$1 80   '],
    [new RegExp(`(port|to) ${port}\\b`, 'g'), '$1 443  '],
    [/ai-proxy:[0-9a-f]{12}/g, 'ai-proxy:1eab0a527bf7'],
    [/its \d+ files/g, 'its 300 files'],
    [/^(pass +system +).*$/m, '$1debian on x86_64'],
    ['none yet; see ai-deploy test-https', 'llm.example.com, 61 days left'],
    [/^HTTPS?_PORT=.*\n/gm, ''],
    [/^Note: HTTPS?_PORT .*\n/gm, ''],
    [/by \S+ as root/g, 'by me@laptop (198.51.100.7) as root'],
    [/took over \d.*? ago/g, 'took over 2 h ago'],
    [/last run .*? ago: ok; next run .*/g, 'last run 12 min ago: ok; next run 2026-11-29T12:18:31Z'],
    [/last record .*? ago, last ingest .*? ago/g, 'last record 4 s ago, last ingest 11 h ago'],
    [/[\d.]+ of [\d.]+ GiB free \(\d+ %\)/g, '34.1 of 40.0 GiB free (85 %)'],
    [/\d+ MiB free/g, '34918 MiB free'],
    [/\d+ MiB available/g, '3120 MiB available'],
    [/^pass( +registry .*reaches ).*$/m, 'pass$1registry-1.docker.io'],
    [/^pass( +ca .*reaches ).*$/m, 'pass$1acme-v02.api.letsencrypt.org'],
    [/^ACME_CA_SERVER=.*\n/gm, ''],
    [/\(\d+\.\d s\)/g, '(0.4 s)'],
    ...DRILL,
    [/ +--path \S+.*$/gm, ''],
    [/localhost/g, 'my-server'],
  ]
  const named = ids.reduce((all, id, at) => all.replaceAll(id, IDS[at] ?? id), text)
  const shown = replaced.reduce((all, [from, to]) => all.replace(from, to), named)
  return `${shown.trimEnd()}\n`
}

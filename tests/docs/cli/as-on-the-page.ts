import type { StandInProject } from '../../helpers/server/stand-in-project.ts'

/** Ids of releases, in the order in which a text names them. */
const IDS = ['20261129-101112', '20261130-090807']

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
    [/last record .*? ago, last ingest .*? ago/g, 'last record 4 s ago, last ingest 11 h ago'],
    [/[\d.]+ of [\d.]+ GiB free \(\d+ %\)/g, '34.1 of 40.0 GiB free (85 %)'],
    [/\d+ MiB free/g, '34918 MiB free'],
    [/\(\d+\.\d s\)/g, '(0.4 s)'],
    [/ +--path \S+.*$/gm, ''],
    [/localhost/g, 'my-server'],
  ]
  const named = ids.reduce((all, id, at) => all.replaceAll(id, IDS[at] ?? id), text)
  const shown = replaced.reduce((all, [from, to]) => all.replace(from, to), named)
  return `${shown.trimEnd()}\n`
}

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { request } from 'undici'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { packageRoot } from '../../../kit/package-root.ts'
import { gatewaySettings } from '../../../proxy/settings.ts'
import { chat, eventually } from '../../helpers/gateway/gateway.ts'
import { startProcess } from '../../helpers/gateway/gateway-process.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

const example = (name: string) => readFileSync(join(packageRoot(), 'docs/examples', name), 'utf8')

interface Panel {
  title: string
  targets: { expr: string; legendFormat: string }[]
}

/** Names of metrics in PromQL. */
const NAME = /\b(?:ai_proxy|process|nodejs)_[a-z0-9_]+/g
const BY = /\bby \(([^)]*)\)/g
const FILTER = /[{,](\w+)(?==~?"|!="|!~")/g
const SAMPLE = /^(\w+)(?:\{(.*)\})? \S+$/gm

/** What the page of a gateway has: every metric, with the labels of its samples. */
async function realMetrics(): Promise<Map<string, Set<string>>> {
  const gateway = await startProcess()
  for (const model of ['echo', 'nowhere']) {
    const { body } = await gateway.post(chat(model))
    await body.dump()
  }
  const page = await eventually(async () => {
    const { body } = await request(gateway.metricsUrl)
    const text = await body.text()
    expect(text).toContain('ai_proxy_rejected_total{')
    expect(text).toContain('ai_proxy_tokens_total{')
    return text
  })
  const metrics = new Map<string, Set<string>>()
  for (const [, name = '', labels = ''] of page.matchAll(SAMPLE)) {
    const known = metrics.get(name) ?? new Set()
    for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) known.add(label)
    metrics.set(name, known)
  }
  return metrics
}

/** Labels that Prometheus adds itself. */
const ADDED_BY_PROMETHEUS = ['job', 'instance']

test('the Grafana dashboard has every metric of the gateway, and only metrics and labels that exist', async () => {
  const { panels } = JSON.parse(example('grafana-dashboard.json')) as { panels: Panel[] }
  const metrics = await realMetrics()
  const targets = panels.flatMap(({ title, targets }) => targets.map((target) => ({ title, ...target })))
  expect(targets.length).toBeGreaterThan(15)
  for (const { title, expr, legendFormat } of targets) {
    const names = expr.match(NAME) ?? []
    expect([title, names.filter((name) => !metrics.has(name))]).toEqual([title, []])
    expect([title, names.length]).not.toEqual([title, 0])
    const known = new Set([...ADDED_BY_PROMETHEUS, ...names.flatMap((name) => [...(metrics.get(name) ?? [])])])
    const grouped = [...expr.matchAll(BY)].flatMap(([, labels = '']) => labels.split(', '))
    const filtered = [...expr.matchAll(FILTER)].map(([, label = '']) => label)
    expect([title, [...grouped, ...filtered].filter((label) => !known.has(label))]).toEqual([title, []])
    const shown = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label)
    expect([title, shown.filter((label) => !grouped.includes(label))]).toEqual([title, []])
  }
  const expressions = targets.map(({ expr }) => expr).join('\n')
  const own = [...metrics.keys()].filter((name) => name.startsWith('ai_proxy_') && !/_(?:sum|count)$/.test(name))
  expect(own.length).toBeGreaterThan(7)
  expect(own.filter((name) => !expressions.includes(name))).toEqual([])
})

test('Prometheus is given the address at which a gateway serves its metrics', async () => {
  const { scrape_configs: jobs } = parse(example('prometheus.yml'))
  const { host, port } = gatewaySettings({}, tempFolder()).metrics
  expect(jobs[0].static_configs).toEqual([{ targets: [`${host}:${port}`] }])
  expect(jobs[1].relabel_configs).toContainEqual(expect.objectContaining({ replacement: `$1:${port}` }))
})

import { readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = resolve(import.meta.dirname, '..')
const PARTS = ['kit', 'templates', 'deploy', 'proxy', 'logdb']

interface Import {
  from: string
  /** Path from the root for a file of ours, else the package's name. */
  to: string
  typeOnly: boolean
}

/** Which files may import what; the first rule whose `from` matches decides. */
const ALLOWED: { from: RegExp; ours: RegExp; types?: RegExp; packages: RegExp }[] = [
  { from: /^kit\/cli\//, ours: /^kit\//, packages: /^(commander|picocolors)$/ },
  { from: /^kit\//, ours: /^kit\//, packages: /^(ajv|yaml)$/ },
  { from: /^templates\//, ours: /^(templates|kit)\//, packages: /^yaml$/ },
  { from: /^deploy\/remote\//, ours: /^deploy\/remote\//, types: /^deploy\/|^kit\//, packages: /^$/ },
  { from: /^deploy\/host\/ssh/, ours: /^(deploy\/(host|remote|errors)|kit\/)/, packages: /^(node-ssh|ssh2)$/ },
  { from: /^deploy\/host\//, ours: /^(deploy\/(host|remote|errors)|kit\/)/, packages: /^execa$/ },
  { from: /^deploy\/session\/prompts\.ts/, ours: /^(deploy|kit)\//, packages: /^inquirer$/ },
  { from: /^deploy\//, ours: /^(deploy|templates|kit)\//, packages: /^(commander|listr2|picocolors|tar|undici|yaml)$/ },
  { from: /^logdb\/store\//, ours: /^(logdb|kit)\//, packages: /^better-sqlite3$/ },
  { from: /^logdb\/transfer/, ours: /^(logdb|kit)\//, packages: /^execa$/ },
  { from: /^logdb\//, ours: /^(logdb|kit)\//, packages: /^(commander|picocolors)$/ },
  {
    from: /^proxy\//,
    ours: /^(proxy|kit)\//,
    packages: /^(fastify|undici|eventsource-parser|light-my-request|prom-client)$/,
  },
]

/** The only files that may read process.env: where a program starts. */
const READS_ENVIRONMENT = /^(deploy\/cli|proxy\/main|logdb\/cli)\.ts$/

function sources(): string[] {
  return PARTS.flatMap((part) =>
    readdirSync(join(ROOT, part), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => join(part, path)),
  )
}

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s+(type\s+)?(?:[^'"`;]*?\sfrom\s+)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/g

function importsOf(from: string): Import[] {
  const text = readFileSync(join(ROOT, from), 'utf8')
  return [...text.matchAll(IMPORT)].map((match) => {
    const specifier = match[2] ?? match[3] ?? ''
    const to = specifier.startsWith('.')
      ? relative(ROOT, resolve(ROOT, dirname(from), specifier))
      : packageName(specifier)
    return { from, to, typeOnly: match[1] !== undefined }
  })
}

function packageName(specifier: string): string {
  const parts = specifier.split('/')
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? '')
}

function isAllowed({ from, to, typeOnly }: Import): boolean {
  if (to.startsWith('node:') || builtinModules.includes(to)) return to.startsWith('node:')
  const rule = ALLOWED.find((candidate) => candidate.from.test(from))
  if (!rule) return false
  if (!to.endsWith('.ts')) return rule.packages.test(to)
  return rule.ours.test(to) || (typeOnly && rule.types?.test(to) === true)
}

test('every import goes in an allowed direction', () => {
  const found = sources().flatMap(importsOf)
  expect(found.length).toBeGreaterThan(10)
  const wrong = found.filter((edge) => !isAllowed(edge)).map(({ from, to }) => `${from} -> ${to}`)
  expect(wrong).toEqual([])
})

test('only the entry points read process.env', () => {
  const readers = sources().filter((path) =>
    /(?<!`)process\.env|from 'node:process'/.test(readFileSync(join(ROOT, path), 'utf8')),
  )
  expect(readers.filter((path) => !READS_ENVIRONMENT.test(path))).toEqual([])
})

test('the rules refuse what they should', () => {
  const refused = [
    { from: 'deploy/plan/make-plan.ts', to: 'better-sqlite3' },
    { from: 'deploy/steps/build.ts', to: 'execa' },
    { from: 'deploy/cli.ts', to: 'proxy/app.ts' },
    { from: 'logdb/ingest/run.ts', to: 'proxy/app.ts' },
    { from: 'logdb/ingest/run.ts', to: 'better-sqlite3' },
    { from: 'proxy/app.ts', to: 'logdb/index.ts' },
    { from: 'kit/settings/dotenv.ts', to: 'deploy/cli.ts' },
    { from: 'deploy/remote/docker.ts', to: 'kit/settings/dotenv.ts' },
  ]
  expect(refused.filter((edge) => isAllowed({ ...edge, typeOnly: false }))).toEqual([])
})

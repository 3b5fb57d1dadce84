import { readdirSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { functionSizes } from './functions.ts'
import { ALIKE, FLOORS, PARTS, READS_ENVIRONMENT, RULES, type Rule } from './rules.ts'
import { circles, type Import, importsOf, ROOT, sources, textOf } from './sources.ts'

const MAX_FUNCTION_LINES = 40
const MAX_FILES = 12
const COMMON_NAMES = ['main.ts', 'index.ts', 'cli.ts', 'types.ts']

const FILES = sources([...PARTS, 'scripts'])
const IMPORTS = FILES.flatMap(importsOf)
const IMPORTS_OF_PARTS = IMPORTS.filter(({ from }) => !from.startsWith('scripts/'))

const startsWithOne = (path: string, starts: readonly string[] = []) => starts.some((start) => path.startsWith(start))
const ruleOf = (path: string): Rule | undefined => RULES.find(({ from }) => path.startsWith(from))

function isAllowed({ from, to, isTypeOnly }: Import): boolean {
  if (to.startsWith('node:') || builtinModules.includes(to)) return to.startsWith('node:')
  const rule = ruleOf(from)
  if (!rule) return false
  if (!/\.tsx?$/.test(to)) return rule.packages.includes(to)
  return startsWithOne(to, rule.ours) || (isTypeOnly && startsWithOne(to, rule.types))
}

/** Number of the floor of a file, from the top, and its room; undefined for a file that is in no room. */
function placeOf(path: string): { part: string; floor: number; room: string } | undefined {
  for (const [part, floors] of Object.entries(FLOORS)) {
    if (!path.startsWith(`${part}/`)) continue
    const within = path.slice(part.length + 1)
    const rooms = floors.flatMap((names, floor) => names.map((room) => ({ part, floor, room })))
    return rooms.filter(({ room }) => within.startsWith(room)).sort((a, b) => b.room.length - a.room.length)[0]
  }
  return undefined
}

function goesDown({ from, to }: Import): boolean {
  const [here, there] = [placeOf(from), placeOf(to)]
  if (!here || !there || here.part !== there.part) return true
  return here.room === there.room || here.floor < there.floor
}

/** Comments may show how to use process.env. */
const withoutComments = (text: string) => text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')
const arrow = ({ from, to }: Import) => `${from} -> ${to}`

test('every import of another part or a package is allowed', () => {
  expect(IMPORTS_OF_PARTS.length).toBeGreaterThan(10)
  expect(IMPORTS_OF_PARTS.filter((edge) => !isAllowed(edge)).map(arrow)).toEqual([])
})

test('no files import each other in a circle, type imports included', () => {
  expect(circles(IMPORTS)).toEqual([])
})

test('inside a part imports go down, and every file is in a room', () => {
  expect(IMPORTS.filter((edge) => !goesDown(edge)).map(arrow)).toEqual([])
  const parts = Object.keys(FLOORS).map((part) => `${part}/`)
  const homeless = FILES.filter((path) => startsWithOne(path, parts) && !placeOf(path))
  expect(homeless).toEqual([])
})

test('no function is longer than 40 lines', () => {
  const sizes = FILES.flatMap(functionSizes)
  expect(sizes.length).toBeGreaterThan(1000)
  expect(sizes.filter(({ lines }) => lines > MAX_FUNCTION_LINES)).toEqual([])
})

test('no folder is crowded or holds a single file, except for lists of similar things', () => {
  const files = new Map<string, number>()
  for (const path of FILES) files.set(dirname(path), (files.get(dirname(path)) ?? 0) + 1)
  const crowded = [...files].filter(([folder, count]) => count > MAX_FILES && !ALIKE.includes(folder))
  const lonely = [...files.keys()].filter((folder) => readdirSync(join(ROOT, folder)).length === 1)
  expect({ crowded, lonely }).toEqual({ crowded: [], lonely: [] })
})

test('a name of a file means one thing in a part', () => {
  const places = new Map<string, string[]>()
  for (const path of FILES) {
    const [part = ''] = path.split('/')
    const key = `${part}/…/${basename(path)}`
    places.set(key, [...(places.get(key) ?? []), path])
  }
  const isVerb = ([path = '']: string[]) => FILES.includes(`${path.split('/')[0]}/commands/${basename(path)}`)
  const ambiguous = [...places.values()].filter((paths) => {
    if (paths.length === 1 || COMMON_NAMES.includes(basename(paths[0] ?? ''))) return false
    // A verb's file in commands/, and once each in its own room and in store/ or remote/.
    const isLow = (path: string) => /^\w+\/(store|remote)\//.test(path)
    const others = paths.filter((path) => !path.includes('/commands/'))
    return !isVerb(paths) || others.filter(isLow).length > 1 || others.filter((path) => !isLow(path)).length > 1
  })
  expect(ambiguous).toEqual([])
})

test('only the entry points read process.env', () => {
  const readers = FILES.filter((path) =>
    /process\.env|\(process\)|from 'node:process'/.test(withoutComments(textOf(path))),
  )
  expect(readers.filter((path) => !path.startsWith('scripts/')).sort()).toEqual([...READS_ENVIRONMENT].sort())
})

test('every rule is about something that exists', () => {
  const unused = RULES.flatMap((rule) => {
    const edges = IMPORTS_OF_PARTS.filter(({ from }) => ruleOf(from) === rule)
    const goesTo = (start: string, typeOnly: boolean) =>
      edges.some(({ to, isTypeOnly }) => to.startsWith(start) && isTypeOnly === typeOnly)
    return [
      ...(edges.length === 0 ? [rule.from] : []),
      ...rule.packages.filter((name) => !edges.some(({ to }) => to === name)).map((name) => `${rule.from}: ${name}`),
      ...rule.ours
        .filter((start) => !goesTo(start, false) && !goesTo(start, true))
        .map((start) => `${rule.from}: ${start}`),
      ...(rule.types ?? []).filter((start) => !goesTo(start, true)).map((start) => `${rule.from}: types of ${start}`),
    ]
  })
  const rooms = Object.entries(FLOORS).flatMap(([part, floors]) =>
    floors.flat().filter((room) => !FILES.some((path) => placeOf(path)?.room === room && path.startsWith(`${part}/`))),
  )
  expect([...unused, ...rooms]).toEqual([])
})

test('the rules refuse what they should', () => {
  const refused = [
    { from: 'deploy/plan/make-plan.ts', to: 'better-sqlite3' },
    { from: 'deploy/steps/build.ts', to: 'execa' },
    { from: 'deploy/cli.ts', to: 'proxy/main.ts' },
    { from: 'logdb/ingest/run.ts', to: 'proxy/main.ts' },
    { from: 'logdb/ingest/run.ts', to: 'better-sqlite3' },
    { from: 'proxy/main.ts', to: 'logdb/index.ts' },
    { from: 'kit/settings/dotenv.ts', to: 'deploy/cli.ts' },
    { from: 'deploy/remote/docker.ts', to: 'kit/settings/dotenv.ts' },
  ]
  expect(refused.filter((edge) => isAllowed({ ...edge, isTypeOnly: false }))).toEqual([])
  expect(goesDown({ from: 'kit/user-error.ts', to: 'kit/cli/terminal.ts', isTypeOnly: true })).toBe(false)
  const edge = (from: string, to: string) => ({ from, to, isTypeOnly: true })
  expect(circles([edge('a', 'b'), edge('b', 'c'), edge('c', 'b'), edge('c', 'd')])).toEqual([['b', 'c']])
})

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { packageRoot } from '../../kit/package-root.ts'

const read = (path: string) => readFileSync(join(packageRoot(), path), 'utf8')

const KINDS = ['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security']
const RELEASE = /^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d{2}-\d{2})$/

interface Section {
  heading: string
  kinds: string[]
  entries: string[]
}

/** Sections by their `##`, with every `###` and every entry, whose further lines are joined to the first. */
function sections(text: string): Section[] {
  const [, ...parts] = text.split(/^(?=## )/m)
  return parts.map((part) => {
    const [heading = '', ...rest] = part.trimEnd().split('\n')
    const body = rest
      .join('\n')
      .replaceAll(/\n {2}(?=\S)/g, ' ')
      .split('\n')
      .filter(Boolean)
    return {
      heading,
      kinds: body.filter((line) => line.startsWith('### ')).map((line) => line.slice(4)),
      entries: body.filter((line) => !line.startsWith('### ')),
    }
  })
}

test('CHANGELOG.md has the form of Keep a Changelog', () => {
  const text = read('CHANGELOG.md')
  expect(text).toMatch(/^# Changelog\n/)
  const [unreleased, ...releases] = sections(text)
  expect(unreleased?.heading).toBe('## [Unreleased]')
  expect(releases.length).toBeGreaterThan(0)
  for (const { heading } of releases) expect(heading).toMatch(RELEASE)
  for (const { kinds } of [unreleased, ...releases].filter((section) => section !== undefined)) {
    expect(kinds).toEqual(KINDS.filter((kind) => kinds.includes(kind)))
  }
})

test('releases are in order, newest first, and the newest is the version of the package', () => {
  const releases = sections(read('CHANGELOG.md'))
    .slice(1)
    .map(({ heading }) => RELEASE.exec(heading) ?? [])
  const dates = releases.map(([, , date = '']) => date)
  expect(dates).toEqual(dates.toSorted().toReversed())
  expect(releases[0]?.[1]).toBe(JSON.parse(read('package.json')).version)
})

test('every entry is one plain sentence of at most 160 characters', () => {
  for (const entry of sections(read('CHANGELOG.md')).flatMap(({ entries }) => entries)) {
    expect(entry).toMatch(/^- [A-Z`[].*[^.]\.$/)
    expect(entry).not.toMatch(/\. [A-Z]/)
    expect([entry, entry.length <= 160]).toEqual([entry, true])
  }
})

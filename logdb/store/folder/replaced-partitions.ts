import { existsSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { hasErrorCode } from '../../../kit/user-error.ts'
import { replaceDurably } from './durable.ts'

const FILE = 'replaced.json'

/** A partition that holds all rows of others, which therefore are not read. Paths are below the folder of the log database. */
interface Replacement {
  path: string
  replaces: string[]
  /**
   * Only until the partition is in its place: which file it is, so that the rename that puts it there also makes this apply,
   * and another file in that place replaces nothing.
   */
  file?: string
}

/** Paths of the partitions whose rows are in other ones, with the path of that one. */
export function replacedPartitions(base: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const { path, replaces } of applying(base)) {
    for (const replaced of replaces) found.set(join(base, replaced), join(base, path))
  }
  return found
}

/**
 * Notes that a file will replace partitions as soon as it is renamed to `path`. What these replace belongs to it too.
 * @param file the new partition, under another name
 */
export function willReplace(base: string, file: string, path: string, replaced: readonly string[]): void {
  const replaces = withTheirs(base, replaced)
  write(base, [...applying(base), { path: relative(base, path), replaces, file: identityOf(file) ?? '' }])
}

/** Notes the same of a partition that is in its place. */
export function replace(base: string, path: string, replaced: readonly string[]): void {
  const present = applying(base)
  const name = relative(base, path)
  const known = present.filter((one) => one.path === name).flatMap(({ replaces }) => replaces)
  const replaces = [...new Set([...known, ...withTheirs(base, replaced)])].filter((one) => one !== name)
  write(base, [...present.filter((one) => one.path !== name), { path: name, replaces }])
}

/** Completes what a killed run has left: from here on a change of a merged file makes no difference, and deleted ones are not named. */
export function settleReplaced(base: string): void {
  const isGone = (name: string) => !existsSync(join(base, name))
  const unsettled = read(base).filter(({ file, replaces }) => file !== undefined || replaces.some(isGone))
  if (unsettled.length === 0) return
  const settled = applying(base).map((one) => ({ ...one, replaces: one.replaces.filter((name) => !isGone(name)) }))
  write(
    base,
    settled.filter(({ file }) => file === undefined),
  )
  for (const { path, replaces, file } of settled) {
    if (file !== undefined) {
      replace(
        base,
        join(base, path),
        replaces.map((name) => join(base, name)),
      )
    }
  }
}

/** For partitions that are deleted. */
export function forgetReplaced(base: string, paths: readonly string[]): void {
  const names = new Set(paths.map((path) => relative(base, path)))
  const left = applying(base).map((one) => ({ ...one, replaces: one.replaces.filter((name) => !names.has(name)) }))
  write(base, left)
}

/** The partitions, and those that they replace. */
function withTheirs(base: string, paths: readonly string[]): string[] {
  const names = paths.map((path) => relative(base, path))
  const theirs = applying(base).filter(({ path }) => names.includes(path))
  return [...new Set([...names, ...theirs.flatMap(({ replaces }) => replaces)])]
}

/** Those whose partition is in its place. */
function applying(base: string): Replacement[] {
  return read(base).filter(({ path, file }) => {
    const present = identityOf(join(base, path))
    return present !== undefined && (file === undefined || file === present)
  })
}

/** The same after a rename. */
function identityOf(path: string): string | undefined {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false })
  return found && `${found.ino} ${found.mtimeNs} ${found.size}`
}

function read(base: string): Replacement[] {
  try {
    return JSON.parse(readFileSync(join(base, FILE), 'utf8'))
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT') || hasErrorCode(error, 'ENOTDIR')) return []
    throw error
  }
}

function write(base: string, all: readonly Replacement[]): void {
  const path = join(base, FILE)
  const replacements = all.filter(({ replaces }) => replaces.length > 0)
  if (replacements.length === 0) rmSync(path, { force: true })
  else replaceDurably(path, `${JSON.stringify(replacements, null, 2)}\n`)
}

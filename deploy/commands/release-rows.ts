import { type Facts, hasImage, isActive, isWarm } from '../server/facts.ts'
import { readyReleases } from '../server/find-live.ts'
import { releaseOf } from '../server/instance.ts'
import type { Manifest } from '../server/manifest.ts'

/** A release as `releases --json` shows it. */
export interface ReleaseRow {
  release: string
  state: 'live' | 'warm' | 'finishing answers' | 'running' | 'stopped' | 'taken back' | 'never ready'
  /** ISO time. */
  created_at: string
  age_s: number
  image_present: boolean
  /** It was ready once, and has a container or an image. */
  can_roll_back: boolean
  /** Who deployed it first; empty if it never became ready, or was made by an earlier version. */
  by: string
  verb: string
  why: string
}

/** All releases that are kept, newest first. */
export function releaseRows(facts: Facts): ReleaseRow[] {
  const ready = readyReleases(facts)
  const newestFirst = [...facts.manifests].sort((a, b) => (a.id < b.id ? 1 : -1))
  return newestFirst.map((manifest) => {
    const { id, createdAt, image } = manifest
    const mark = facts.readyMarks.find(({ release }) => release === id)
    const isStartable = hasImage(facts, image) || facts.containers.some(({ release }) => release === id)
    return {
      release: id,
      state: stateOf(facts, manifest, ready),
      created_at: createdAt,
      age_s: Math.max(0, Math.round(facts.clockS - Date.parse(createdAt) / 1000)),
      image_present: hasImage(facts, image),
      can_roll_back: ready.includes(id) && isStartable,
      by: mark?.by ?? '',
      verb: mark?.verb ?? '',
      why: mark?.failed ?? mark?.why ?? '',
    }
  })
}

function stateOf(facts: Facts, { id }: Manifest, ready: readonly string[]): ReleaseRow['state'] {
  const { live, containers } = facts
  if (live !== null && releaseOf(live) === id) return 'live'
  const hasFailed = facts.readyMarks.some(({ release, failed }) => release === id && failed !== undefined)
  if (!ready.includes(id)) return hasFailed ? 'taken back' : 'never ready'
  const active = containers.filter((container) => container.release === id && isActive(container))
  if (active.length === 0) return 'stopped'
  if (active.some((container) => isWarm(container, facts))) return 'warm'
  return active.every(({ isStopping }) => isStopping) ? 'finishing answers' : 'running'
}

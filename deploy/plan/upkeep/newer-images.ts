import { splitList } from '../../../kit/list.ts'
import type { Pairs } from '../../server/pairs.ts'

/** Variables of .env that name an image, with the newest one of the same tag, by its digest. */
export type NewerImages = Record<string, string>

/**
 * What is newer than what runs.
 * @param used image of each variable
 * @param found what the script of `pullNewest` prints
 */
export function newerImages(used: Readonly<Record<string, string>>, found: Pairs): NewerImages {
  const newer: NewerImages = {}
  for (const [name, image] of Object.entries(used)) {
    const tag = image.replace(/@.*/, '')
    const digest = digestOf(tag, found.one(`${name}_digests`))
    // One that was built on the server has none.
    if (digest === undefined) continue
    const pinned = `${tag}@${digest}`
    if (pinned !== image && !isInUse(name, image, found)) newer[name] = pinned
  }
  return newer
}

/** What a tag without a digest led to when it was taken. */
function isInUse(name: string, image: string, found: Pairs): boolean {
  if (image.includes('@')) return false
  if (name === 'TRAEFIK_IMAGE') return found.one('edge_id') === found.one(`${name}_id`)
  const [base, live] = [layersOf(found.one(`${name}_layers`)), layersOf(found.one('live_layers'))]
  return base.length > 0 && base.every((layer, index) => live[index] === layer)
}

/** Of `NAME@sha256:...`, for the repository of this tag. */
function digestOf(tag: string, digests: string | undefined): string | undefined {
  const repository = tag.replace(/:[^:/]*$/, '')
  const pairs = splitList(digests).map((one) => one.split('@'))
  const found = pairs.find(([name = '']) => name === repository || name.endsWith(`/${repository}`)) ?? pairs[0]
  return found?.[1]
}

function layersOf(json: string | undefined): unknown[] {
  const layers: unknown = JSON.parse(json || '[]')
  return Array.isArray(layers) ? layers : []
}

import { QUOTE } from '../../kit/ascii.ts'
import { applyEdits } from '../json/edit.ts'
import { elementsOf, type Slice, scanInnerObject, scanJsonObject, valueAt } from '../json/scan.ts'

/** A page of a list, with nothing in it but what belongs to the caller. */
export interface OwnPage {
  body: Buffer
  /** The first and the last id of a page that is empty now, although more pages follow; clients would take it for the last. */
  ends: { first: string; last: string } | undefined
}

/**
 * Removes from a page what does not belong to the caller; every other byte stays.
 * @returns undefined if it is not a page of a list
 */
export function ownPage(page: Buffer, isOwn: (id: string) => boolean): OwnPage | undefined {
  const found = scanJsonObject(page, ['data', 'first_id', 'last_id', 'has_more'])
  if (!found?.data) return undefined
  const elements = [...elementsOf(page, found.data.start)].map((slice) => ({ slice, id: idOf(page, slice) }))
  const own = elements.filter(({ id }) => id !== undefined && isOwn(id))
  const texts = own.map(({ slice }) => page.toString('utf8', slice.start, slice.end))
  const edits = [{ ...found.data, text: `[${texts.join(',')}]` }]
  if (found.first_id) edits.push({ ...found.first_id, text: JSON.stringify(own[0]?.id ?? null) })
  if (found.last_id) edits.push({ ...found.last_id, text: JSON.stringify(own.at(-1)?.id ?? null) })
  const isMisleading = own.length === 0 && valueAt(page, found.has_more) === true
  const [first, last] = [elements[0]?.id, elements.at(-1)?.id]
  const ends = first !== undefined && last !== undefined ? { first, last } : undefined
  return { body: applyEdits(page, edits), ends: isMisleading ? ends : undefined }
}

function idOf(page: Buffer, { start }: Slice): string | undefined {
  const { id } = scanInnerObject(page, start, ['id'])
  return id && page[id.start] === QUOTE ? String(valueAt(page, id)) : undefined
}

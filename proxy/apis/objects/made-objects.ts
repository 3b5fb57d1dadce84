import { isUtf8 } from 'node:buffer'
import { OPEN_BRACE } from '../../../kit/ascii.ts'
import { isObject } from '../../../kit/json.ts'
import { type Json, parseJson } from '../../json/parse.ts'
import { scanInnerObject, textAt } from '../../json/scan.ts'

/** The results of a batch, which the provider makes as files. */
const RESULTS = ['output_file_id', 'error_file_id'] as const

/** Ids of the objects that an answer is about, and what the provider encrypted in it. */
export function madeObjects(body: Buffer): string[] {
  const answer = isUtf8(body) ? parseJson(body.toString('utf8')) : undefined
  if (!isObject(answer)) return idAtBeginning(body)
  return [...madeByResponse(answer), ...RESULTS.flatMap((name) => textOf(answer[name]))]
}

/** Of each batch on a page of a list that has results: its id, and theirs. */
export function resultsOfBatches(page: Buffer): { id: string; results: string[] }[] {
  const list = parseJson(page.toString('utf8'))
  const data = isObject(list) && Array.isArray(list['data']) ? list['data'].filter(isObject) : []
  return data.flatMap((batch) => {
    const results = RESULTS.flatMap((name) => textOf(batch[name]))
    return results.length === 0 ? [] : textOf(batch['id']).map((id) => ({ id, results }))
  })
}

/** The id of a response, and what its output holds. */
export function madeByResponse({ id, output, store }: Json): string[] {
  const items = Array.isArray(output) ? output : []
  return [...textOf(id), ...items.flatMap((item) => madeByItem(item, store))]
}

/**
 * The id of an item of the output, by which requests may refer to it if the response is stored, and what is encrypted in it:
 * its reasoning, or a whole conversation that was compacted; and the container of its code.
 */
export function madeByItem(item: unknown, store: unknown): string[] {
  if (!isObject(item)) return []
  const itemIds = store === false ? [] : textOf(item['id'])
  return [...itemIds, ...textOf(item['encrypted_content']), ...textOf(item['container_id'])]
}

/** The id of an answer; only its beginning is here. */
export function idAtBeginning(json: Buffer): string[] {
  const id = textAt(json, scanInnerObject(json, json.indexOf(OPEN_BRACE), ['id']).id)
  return id === undefined ? [] : [id]
}

/** The files that the model has made with tools of the provider, and the container that they are in. */
export function madeByMessage({ content, container }: Json): string[] {
  const blocks = Array.isArray(content) ? content : []
  return [...madeByContainer(container), ...blocks.flatMap(madeByBlock)]
}

export function madeByContainer(container: unknown): string[] {
  return isObject(container) ? textOf(container['id']) : []
}

/** Other blocks only refer to files. */
export function madeByBlock(block: unknown): string[] {
  if (!isObject(block) || !String(block['type']).endsWith('_tool_result')) return []
  const files: string[] = []
  // Answers are not nested deeply: their reader has seen to that.
  const collect = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    if (isObject(value)) files.push(...textOf(value['file_id']))
    for (const inner of Object.values(value)) collect(inner)
  }
  collect(block['content'])
  return files
}

/** A request may name a container too, which it did not make then. */
export function isContainer(id: string): boolean {
  return /^(?:container|cntr)_/.test(id)
}

function textOf(value: unknown): string[] {
  return typeof value === 'string' ? [value] : []
}

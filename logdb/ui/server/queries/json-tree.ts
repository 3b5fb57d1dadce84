import { isObject } from '../../../../kit/json.ts'
import type { JsonNode } from '../../app/request/request-data.ts'

/** Which part of a document is asked for. */
export interface TreeAsked {
  /** JSON pointer; the whole document by default. */
  at?: string | undefined
  /** Index of the first member, 0 by default. */
  from?: number | undefined
}

const MAX_NODES = 500
const MAX_MEMBERS = 200
const MAX_TEXT = 1000
const MAX_TEXT_ALONE = 2_000_000
/** Of all texts: a page of many long ones stays small. */
const MAX_LENGTH = 200_000

/**
 * A value and what is below it, the upper levels first, until a page is full. So a document of 10 MB opens as quickly as
 * a small one. Undefined if nothing is there.
 */
export function jsonTree(document: unknown, { at = '', from = 0 }: TreeAsked): JsonNode | undefined {
  const path = at.split('/').slice(1).map(unescaped)
  const value = path.reduce<unknown>(memberOf, document)
  if (value === undefined) return undefined
  const maker = new TreeMaker()
  const name = path.at(-1)
  const root = maker.nodeOf(value, { at, text: MAX_TEXT_ALONE, ...(name !== undefined && { name }) })
  maker.fill(root, from)
  return root
}

class TreeMaker {
  #nodesLeft = MAX_NODES
  #lengthLeft = MAX_LENGTH
  /** Values whose members are still to be added, those of the upper levels first. */
  readonly #waiting: { node: JsonNode; value: unknown }[] = []

  nodeOf(value: unknown, { at, name, text: limit }: { at: string; name?: string; text: number }): JsonNode {
    const base = { ...(name !== undefined && { name }), at }
    if (Array.isArray(value)) return this.#waitFor({ ...base, kind: 'list', length: value.length }, value)
    if (isObject(value)) return this.#waitFor({ ...base, kind: 'object', length: Object.keys(value).length }, value)
    if (typeof value !== 'string') return { ...base, kind: kindOf(value), length: 0, text: String(value) }
    const text = value.slice(0, limit)
    this.#lengthLeft -= text.length
    return { ...base, kind: 'string', length: value.length, text }
  }

  /** Adds members, those of the root from this index. */
  fill(root: JsonNode, from: number): void {
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      const { node, value } = next
      if (node === root) this.#addMembers(node, value, from)
      else if (Math.min(node.length, MAX_MEMBERS) <= this.#nodesLeft && this.#lengthLeft > 0) {
        this.#addMembers(node, value, 0)
      }
    }
  }

  #waitFor(node: JsonNode, value: unknown): JsonNode {
    this.#waiting.push({ node, value })
    return node
  }

  #addMembers(node: JsonNode, value: unknown, from: number): void {
    const end = Math.min(node.length, from + MAX_MEMBERS)
    const names = Array.isArray(value)
      ? Array.from({ length: Math.max(0, end - from) }, (_, index) => String(from + index))
      : Object.keys(value as object).slice(from, end)
    this.#nodesLeft -= names.length
    node.members = names.map((name) => {
      return this.nodeOf(memberOf(value, name), { name, at: `${node.at}/${escaped(name)}`, text: MAX_TEXT })
    })
    if (end < node.length) node.nextFrom = end
  }
}

function kindOf(value: unknown): JsonNode['kind'] {
  if (typeof value === 'number') return 'number'
  return typeof value === 'boolean' ? 'boolean' : 'null'
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.prototype.propertyIsEnumerable.call(value, name)) {
    return undefined
  }
  return (value as Record<string, unknown>)[name]
}

function escaped(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}

function unescaped(name: string): string {
  return name.replaceAll('~1', '/').replaceAll('~0', '~')
}

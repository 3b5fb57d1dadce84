import { useSignal } from '@preact/signals'
import type { PageData } from '../page-data.ts'
import { requestPath, shownCount } from '../shown.ts'
import type { JsonNode } from './request-data.ts'

interface Place {
  id: string
  body: 'request' | 'response'
}

const PREVIEW_LENGTH = 60
const PREVIEW_MEMBERS = 3
/** Longer lists begin closed. */
const MAX_OPEN = 60
const OPEN_LEVELS = 2
/** Strings of other values come with this many characters, and a string alone with as many as a browser can show. */
const SHORT_TEXT = 1000

/** A JSON body as a tree. Large parts of it are fetched when they are opened. */
export function TreeView({ id, body, tree }: Place & { tree: JsonNode | undefined }) {
  if (!tree) return <p class="empty">There is nothing at this place. Open the body from its beginning.</p>
  return (
    <>
      {tree.at !== '' && <Breadcrumb id={id} body={body} at={tree.at} />}
      <ul class="tree" dir="ltr">
        <Node key={`${id} ${body} ${tree.at} ${tree.members?.[0]?.name}`} place={{ id, body }} first={tree} level={0} />
      </ul>
    </>
  )
}

function Breadcrumb({ id, body, at }: Place & { at: string }) {
  const names = at.split('/').slice(1)
  return (
    <nav class="breadcrumb" aria-label="Place in the body">
      <a href={pathOf({ id, body }, '')}>Whole body</a>
      {names.map((name, index) => {
        const path = `/${names.slice(0, index + 1).join('/')}`
        return (
          <span key={path}>
            {' / '}
            <a href={pathOf({ id, body }, path)}>{name}</a>
          </span>
        )
      })}
    </nav>
  )
}

interface NodeProps {
  place: Place
  first: JsonNode
  level: number
}

function Node({ place, first, level }: NodeProps) {
  const shown = useSignal(first)
  const node = shown.value
  const load = async (event: MouseEvent, from?: number) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return
    event.preventDefault()
    const more = await fetchNode(pathOf(place, node.at, from))
    if (!more) return location.assign(pathOf(place, node.at, from))
    shown.value = from === undefined ? more : joined(node, more)
  }
  if (node.kind !== 'object' && node.kind !== 'list') return <Scalar node={node} place={place} load={load} />
  if (!node.members) return <Closed node={node} place={place} load={load} />
  const isOpen = node !== first || level === 0 || (level < OPEN_LEVELS && node.length <= MAX_OPEN)
  return (
    <li>
      <details open={isOpen}>
        <summary>
          <Name node={node} /> <span class="size">{sizeOf(node)}</span> <span class="preview">{previewOf(node)}</span>
        </summary>
        <ul>
          {node.members.map((member) => (
            <Node key={member.name} place={place} first={member} level={level + 1} />
          ))}
          <More node={node} place={place} load={load} />
        </ul>
      </details>
    </li>
  )
}

interface LoadedProps {
  node: JsonNode
  place: Place
  load: Load
}

function Closed({ node, place, load }: LoadedProps) {
  return (
    <li>
      <a class="closed" href={pathOf(place, node.at)} onClick={(event: MouseEvent) => load(event)}>
        <Name node={node} /> <span class="size">{sizeOf(node)}</span>
      </a>
    </li>
  )
}

type Load = (event: MouseEvent, from?: number) => Promise<void>

function More({ node: { at, length, nextFrom }, place, load }: LoadedProps) {
  if (nextFrom === undefined) return null
  return (
    <li>
      <a href={pathOf(place, at, nextFrom)} onClick={(event: MouseEvent) => load(event, nextFrom)}>
        Show more of {shownCount(length)}, from {shownCount(nextFrom)}
      </a>
    </li>
  )
}

function Scalar({ node, place, load }: LoadedProps) {
  const { kind, text = '', length, at } = node
  const isString = kind === 'string'
  return (
    <li>
      <Name node={node} />{' '}
      <span class={`value ${kind}`} dir={isString ? 'auto' : undefined}>
        {isString ? `"${text}${text.length < length ? '…' : ''}"` : text}
      </span>
      {isString && text.length < length && text.length <= SHORT_TEXT && (
        <>
          {' '}
          <a href={pathOf(place, at)} onClick={(event: MouseEvent) => load(event)}>
            Show more of {shownCount(length)} characters
          </a>
        </>
      )}
    </li>
  )
}

function Name({ node: { name } }: { node: JsonNode }) {
  return name === undefined ? null : <span class="name">{name}:</span>
}

function sizeOf({ kind, length }: JsonNode): string {
  return kind === 'list' ? `[${shownCount(length)}]` : `{${shownCount(length)}}`
}

/** The first simple values, for an object that is closed. */
function previewOf({ members = [] }: JsonNode): string {
  const simple = members.filter(({ text }) => text !== undefined).slice(0, PREVIEW_MEMBERS)
  const texts = simple.map(({ name = '', text = '' }) => `${name}: ${text.slice(0, PREVIEW_LENGTH)}`)
  return texts.join(' · ').replaceAll('\n', ' ')
}

function joined(node: JsonNode, { members = [], nextFrom }: JsonNode): JsonNode {
  const { nextFrom: _, ...rest } = node
  return { ...rest, members: [...(node.members ?? []), ...members], ...(nextFrom !== undefined && { nextFrom }) }
}

/** Undefined if the page must be loaded, for example to log in again. */
async function fetchNode(path: string): Promise<JsonNode | undefined> {
  try {
    const answer = await fetch(path, { headers: { accept: 'application/json' } })
    const data = (await answer.json()) as PageData
    return data.kind === 'request' ? data.request.tree : undefined
  } catch {
    return undefined
  }
}

function pathOf({ id, body }: Place, at: string, from?: number): string {
  const place = at === '' ? '' : `&at=${encodeURIComponent(at)}`
  return `${requestPath(id)}?tab=${body}${place}${from === undefined ? '' : `&from=${from}`}`
}

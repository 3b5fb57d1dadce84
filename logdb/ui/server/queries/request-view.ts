import { offeredTools, requestParameters } from '../../../conversation/parameters.ts'
import { Thread } from '../../../conversation/thread.ts'
import { parseBody, requestTurns, responseTurns, type Turn } from '../../../conversation/turns.ts'
import type { Part } from '../../../record/message-parts.ts'
import type { RequestDetails } from '../../../store/partition/requests.ts'
import type { JsonNode } from '../../app/request/request-data.ts'
import { jsonTree, type TreeAsked } from './json-tree.ts'
import { type Neighbours, neighboursOf } from './neighbours.ts'
import { imageOf, type ShownTurns, shownTurns, type TurnsAsked } from './shown-turns.ts'
import { type RequestOptions, visibleDialog, visibleRequest } from './visible-requests.ts'

const MAX_STEPS = 200

export type Facts = Omit<RequestDetails, 'request_json' | 'response_json'>

export interface ViewOptions extends RequestOptions, TurnsAsked, TreeAsked {
  /** What of the bodies is needed. */
  part: 'conversation' | 'request' | 'response' | 'timing'
}

/** A request as its page shows it. */
export interface RequestView {
  facts: Facts
  parameters: [name: string, json: string][]
  tools: string[]
  neighbours: Neighbours
  conversation?: ShownTurns
  /** Missing too if the body has nothing at the place that was asked for. */
  tree?: JsonNode
}

export async function requestView({ part, ...options }: ViewOptions): Promise<RequestView | undefined> {
  const details = await visibleRequest(options)
  if (!details) return undefined
  const { request_json, response_json, ...facts } = details
  const request = parseBody(request_json)
  const neighbours = await neighboursOf(options.out, facts, options.key)
  const view = { facts, parameters: requestParameters(request), tools: offeredTools(request), neighbours }
  if (part === 'conversation') return { ...view, conversation: shownTurns(turnsOf(request, response_json), options) }
  if (part === 'timing') return view
  const tree = jsonTree(part === 'request' ? request : parseBody(response_json), options)
  return { ...view, ...(tree && { tree }) }
}

function turnsOf(request: unknown, responseJson: string): Turn[] {
  return [...requestTurns(request), ...responseTurns(parseBody(responseJson))]
}

/** The `data:` URL of an image of a request. Undefined if there is none that may be seen. */
export async function imageView({ number, ...options }: RequestOptions & { number: number }) {
  const details = await visibleRequest(options)
  return details && imageOf(turnsOf(parseBody(details.request_json), details.response_json), number)
}

/** A turn whose images are numbers: that of each among the images of its request, from 0. */
export interface NumberedTurn {
  role: string
  parts: (Omit<Part, 'image'> & { image?: number })[]
}

export interface DialogView {
  steps: { facts: Facts; after: number | undefined; turns: NumberedTurn[] }[]
  /** True if there are more. */
  isCut: boolean
}

/** Undefined if there is nothing that may be seen. */
export async function dialogView(options: RequestOptions): Promise<DialogView | undefined> {
  const thread = new Thread()
  const steps: DialogView['steps'] = []
  for await (const { request_json, response_json, ...facts } of visibleDialog(options)) {
    if (steps.length === MAX_STEPS) return { steps, isCut: true }
    const { after, repeated, turns, answers } = thread.add(parseBody(request_json), parseBody(response_json))
    steps.push({ facts, after, turns: numberImages([...turns, ...answers], imagesIn(repeated)) })
  }
  return steps.length === 0 ? undefined : { steps, isCut: false }
}

function imagesIn(turns: readonly Turn[]): number {
  return turns.flatMap(({ parts }) => parts.filter(({ image }) => image !== undefined)).length
}

/** A page loads each image alone. @param first number of the first image */
function numberImages(turns: readonly Turn[], first: number): NumberedTurn[] {
  let next = first
  return turns.map(({ role, parts }) => ({
    role,
    parts: parts.map(({ image, ...part }) => ({ ...part, ...(image !== undefined && { image: next++ }) })),
  }))
}

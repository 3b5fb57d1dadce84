import type { ListPlace } from '../../store/search/partition-list.ts'
import type { DamagedPartition } from '../../store/sqlite/damage.ts'
import { type ListedRequest, type ListOptions, type ListResult, listRequests, passOver } from './list.ts'

/** As many are held in memory. */
const PAGE = 5000

/** A list of any length; what is next to `requests` is complete only after the last one. */
interface RequestStream extends Pick<ListResult, 'leftOut' | 'damaged' | 'hasMore'> {
  requests: AsyncIterable<ListedRequest>
}

/** Like `listRequests`, for requests that may not fit into memory. */
export function eachRequest(options: Omit<ListOptions, 'before' | 'timeLimitMs'>): RequestStream {
  const stream: Omit<RequestStream, 'requests'> = { leftOut: [], damaged: [], hasMore: false }
  return Object.assign(stream, { requests: pages(options, stream) })
}

async function* pages(
  options: ListOptions,
  stream: Omit<RequestStream, 'requests'>,
): AsyncGenerator<ListedRequest, void> {
  let part: ListOptions = options
  for (let skip = options.skip ?? 0; skip > PAGE; skip -= PAGE) {
    const before = note(stream, await passOver({ ...part, skip: 0, limit: PAGE }))
    if (!before) return
    part = { ...options, skip: skip - PAGE, before }
  }
  for (let left = options.limit; left > 0; left -= PAGE) {
    const { requests, ...found } = await listRequests({ ...part, limit: Math.min(left, PAGE) })
    const before = note(stream, found)
    yield* requests
    if (!before) return
    part = { ...options, skip: 0, before }
  }
}

/** Returns where the rest begins. */
function note(
  stream: Omit<RequestStream, 'requests'>,
  { leftOut, damaged, hasMore, next }: Omit<ListResult, 'requests'>,
): ListPlace | undefined {
  stream.leftOut.push(...leftOut.filter((path) => !stream.leftOut.includes(path)))
  stream.damaged.push(...damaged.filter((one) => !isIn(stream.damaged, one)))
  stream.hasMore = hasMore
  return next
}

function isIn(list: readonly DamagedPartition[], { path }: DamagedPartition): boolean {
  return list.some((one) => one.path === path)
}

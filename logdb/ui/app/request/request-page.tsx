import { PickButton } from '../compare/picked.tsx'
import { Conversation } from '../conversation/conversation.tsx'
import { MarkdownSwitch } from '../conversation/said-text.tsx'
import { counted, requestPath, shortId, shownCount } from '../shown.ts'
import { CopyButton, copiedCurl, copiedJson } from './copies.tsx'
import { type Fact, type RequestData, TABS, type Tab } from './request-data.ts'
import { Timings } from './timings.tsx'
import { TreeView } from './tree-view.tsx'

const TAB_NAMES: Record<Tab, string> = {
  conversation: 'Conversation',
  request: 'Request JSON',
  response: 'Response JSON',
  timing: 'Timing',
  raw: 'Raw record',
}

export function RequestPage(data: RequestData) {
  const { id, tab, facts, endpoint } = data
  return (
    <>
      <div class="title">
        <h1>Request {shortId(id)}</h1>
        <Neighbours {...data} />
      </div>
      <Facts facts={facts} />
      <div class="tabs">
        <nav aria-label="Parts of the request">
          {TABS.map((one) => (
            <a key={one} href={`${requestPath(id)}?tab=${one}`} aria-current={one === tab ? 'page' : undefined}>
              {TAB_NAMES[one]}
            </a>
          ))}
        </nav>
        <div class="actions">
          {tab === 'conversation' && <MarkdownSwitch />}
          <CopyButton name="Copy as curl" textOf={() => copiedCurl(id, endpoint)} />
          <CopyButton name="Copy as JSON" textOf={() => copiedJson(id, tab)} />
          <PickButton id={id} />
        </div>
      </div>
      <TabContent {...data} />
    </>
  )
}

function Neighbours({ previous, next }: RequestData) {
  if (previous === undefined && next === undefined) return null
  return (
    <nav class="neighbours" aria-label="Dialog">
      {previous !== undefined && (
        <a href={previous} rel="prev">
          ← Previous in the dialog
        </a>
      )}
      {next !== undefined && (
        <a href={next} rel="next">
          Next in the dialog →
        </a>
      )}
    </nav>
  )
}

function TabContent(data: RequestData) {
  switch (data.tab) {
    case 'conversation':
      return <ConversationTab {...data} />
    case 'timing':
      return <Timings {...data.timing} />
    case 'raw':
      return <RawRecord {...data} />
    default:
      return <TreeView id={data.id} body={data.tab} tree={data.tree} />
  }
}

function ConversationTab({ id, conversation = { turns: [], total: 0 } }: RequestData) {
  const { turns, total, only } = conversation
  const path = requestPath(id)
  const first = turns[0]?.number ?? 1
  const last = turns.at(-1)?.number ?? total
  const paths = {
    image: (number: number) => `${path}/images/${number}`,
    ...(only === undefined && { turn: (number: number) => `${path}?turn=${number}` }),
  }
  return (
    <>
      {only !== undefined && (
        <p class="note">
          This is turn {shownCount(only)} of {shownCount(total)}. <a href={path}>Show all turns</a>
        </p>
      )}
      {only === undefined && first > 1 && (
        <p>
          <a href={`${path}?before=${first}`}>{counted(first - 1, 'earlier turn')}</a>
        </p>
      )}
      <Conversation turns={turns} paths={paths} />
      {only === undefined && last < total && (
        <p>
          <a href={path}>Later turns, to {shownCount(total)}</a>
        </p>
      )}
    </>
  )
}

function RawRecord({ id, record = '' }: RequestData) {
  return (
    <>
      <p class="note">
        All fields of the record except the two bodies.{' '}
        <a href={`/ui/v1/requests/${encodeURIComponent(id)}`}>Open the whole record as JSON</a>
      </p>
      <pre class="json" dir="ltr">
        {record}
      </pre>
    </>
  )
}

function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl class="facts">
      {facts.map(({ name, value, path }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd class="short">{path === undefined ? value : <a href={path}>{value}</a>}</dd>
        </div>
      ))}
    </dl>
  )
}

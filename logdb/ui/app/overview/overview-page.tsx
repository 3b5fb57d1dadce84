import { Warnings } from '../layout.tsx'
import { counted, shownCost, shownCount, shownDuration } from '../shown.ts'
import { BarChart } from './bar-chart.tsx'
import { Charts } from './charts.tsx'
import { FigureTable } from './figure-table.tsx'
import type { Choice, Figures, OverviewData } from './overview-data.ts'

export function OverviewPage(data: OverviewData) {
  const { total, slots, slotMs, groups, hasGroups, warnings, limits } = data
  return (
    <>
      <h1>Overview</h1>
      <RangeChoice {...data} />
      {limits.map(({ name, value, path }) => (
        <p key={name} class="note">
          Only {name} <bdi>{value}</bdi>. <a href={path}>Show all</a>
        </p>
      ))}
      <Warnings texts={warnings} />
      <NotCounted requests={total.notCounted} />
      <Totals total={total} />
      {total.requests === 0 ? (
        <p class="empty">
          There is no request in this time. Choose a longer one, or fill the log database with <code>logdb ingest</code>
          .
        </p>
      ) : (
        <>
          <Charts slots={slots} slotMs={slotMs} fallback={<BarChart slots={slots} />} />
          <details class="by-time">
            <summary>Figures by time</summary>
            <FigureTable title="Time (UTC)" rows={slots} />
          </details>
        </>
      )}
      {!hasGroups && (
        <p class="note">These are too many requests for tables by model, key and provider. Choose a shorter time.</p>
      )}
      {groups.map(({ title, rows }) => rows.length > 0 && <FigureTable key={title} title={title} rows={rows} />)}
    </>
  )
}

function Totals({ total }: { total: Figures }) {
  return (
    <dl class="facts">
      {factsOf(total).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

function NotCounted({ requests }: { requests: number }) {
  if (requests === 0) return null
  return (
    <p class="note">
      First bytes and costs of {counted(requests, 'request')} are not counted yet, because an earlier version stored
      them: <code>logdb seal --rewrite</code>
    </p>
  )
}

function RangeChoice({ ranges, units, previous, next, period }: OverviewData) {
  return (
    <div class="tabs">
      <Choices label="Time" choices={ranges} />
      <Choices label="By" choices={units} />
      <nav class="actions" aria-label="Other times">
        <a href={previous} rel="prev" aria-label="Earlier">
          ←
        </a>
        <span>{period}</span>
        {next !== undefined && (
          <a href={next} rel="next" aria-label="Later">
            →
          </a>
        )}
      </nav>
    </div>
  )
}

function Choices({ label, choices }: { label: string; choices: readonly Choice[] }) {
  return (
    <nav aria-label={label}>
      {choices.map(({ name, path, isChosen }) => (
        <a key={name} href={path} aria-current={isChosen ? 'page' : undefined}>
          {name}
        </a>
      ))}
    </nav>
  )
}

function factsOf(total: Figures): [string, string][] {
  const { requests, errors, tokensIn, tokensCached, tokensOut, tokensReasoning, cost, requestsWithCost } = total
  return [
    ['Requests', shownCount(requests)],
    ['Errors', `${shownCount(errors)} (${requests === 0 ? 0 : ((100 * errors) / requests).toFixed(1)} %)`],
    ['Tokens in', shownCount(tokensIn)],
    ['Of them from a cache', shownCount(tokensCached)],
    ['Tokens out', shownCount(tokensOut)],
    ['Of them reasoning', shownCount(tokensReasoning)],
    ['Latency p50 / p95 / p99', durationsOf(total.p50, total.p95, total.p99)],
    ['First byte p50 / p95 / p99', durationsOf(total.firstP50, total.firstP95, total.firstP99)],
    ...(cost === null ? [] : [['Cost', costText(cost, requestsWithCost, requests)] satisfies [string, string]]),
  ]
}

function durationsOf(...ms: (number | null)[]): string {
  return ms.map((one) => shownDuration(one) || '–').join(' / ')
}

function costText(cost: number, withCost: number, requests: number): string {
  return `${shownCost(cost)}${withCost === requests ? '' : ` (of ${counted(withCost, 'request')})`}`
}

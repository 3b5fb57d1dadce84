import { shownCost, shownCount, shownDuration } from '../shown.ts'
import type { Figures, GroupRow } from './overview-data.ts'

type Column = readonly [name: string, textOf: (figures: Figures) => string]

const COLUMNS: readonly Column[] = [
  ['Requests', ({ requests }) => shownCount(requests)],
  ['Errors', ({ errors }) => shownCount(errors)],
  ['Tokens in', ({ tokensIn }) => shownCount(tokensIn)],
  ['Cached', ({ tokensCached }) => shownCount(tokensCached)],
  ['Tokens out', ({ tokensOut }) => shownCount(tokensOut)],
  ['Reasoning', ({ tokensReasoning }) => shownCount(tokensReasoning)],
  ['Latency p50', ({ p50 }) => shownDuration(p50)],
  ['p95', ({ p95 }) => shownDuration(p95)],
  ['p99', ({ p99 }) => shownDuration(p99)],
  ['First byte p50', ({ firstP50 }) => shownDuration(firstP50)],
  ['p95', ({ firstP95 }) => shownDuration(firstP95)],
  ['p99', ({ firstP99 }) => shownDuration(firstP99)],
]
const COST: Column = ['Cost', ({ cost }) => shownCost(cost)]

/** The figures of groups or of times; the first column leads to their requests. */
export function FigureTable({ title, rows }: { title: string; rows: readonly GroupRow[] }) {
  const columns = rows.some(({ cost }) => cost !== null) ? [...COLUMNS, COST] : COLUMNS
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: on a narrow screen it scrolls, also with the keyboard
    <section class="scroll" tabIndex={0} aria-label={`Figures by ${title}`}>
      <table class="figure-table">
        <thead>
          <tr>
            {[title, ...columns.map(([name]) => name)].map((name, index) => (
              <th key={index} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.name}>
              <th scope="row">
                {row.path === undefined ? row.name : <a href={row.path}>{row.name}</a>}
                {row.chartPath !== undefined && (
                  <a class="chart-link" href={row.chartPath} aria-label={`Charts of ${row.name} only`}>
                    charts
                  </a>
                )}
              </th>
              {columns.map(([, textOf], index) => (
                <td key={index}>{textOf(row)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

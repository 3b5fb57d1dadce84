import { shownCount, shownDuration } from '../shown.ts'
import type { Figures, GroupRow } from './overview-data.ts'

const COLUMNS: readonly (readonly [name: string, textOf: (figures: Figures) => string])[] = [
  ['Requests', ({ requests }) => shownCount(requests)],
  ['Errors', ({ errors }) => shownCount(errors)],
  ['Tokens in', ({ tokensIn }) => shownCount(tokensIn)],
  ['Cached', ({ tokensCached }) => shownCount(tokensCached)],
  ['Tokens out', ({ tokensOut }) => shownCount(tokensOut)],
  ['Reasoning', ({ tokensReasoning }) => shownCount(tokensReasoning)],
  ['p50', ({ p50 }) => shownDuration(p50)],
  ['p95', ({ p95 }) => shownDuration(p95)],
  ['p99', ({ p99 }) => shownDuration(p99)],
]

/** The figures of groups or of times; the first column leads to their requests. */
export function FigureTable({ title, rows }: { title: string; rows: readonly GroupRow[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: on a narrow screen it scrolls, also with the keyboard
    <section class="scroll" tabIndex={0} aria-label={`Figures by ${title}`}>
      <table class="figure-table">
        <thead>
          <tr>
            {[title, ...COLUMNS.map(([name]) => name)].map((name) => (
              <th key={name} scope="col">
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
              {COLUMNS.map(([name, textOf]) => (
                <td key={name}>{textOf(row)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

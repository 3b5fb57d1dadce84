import { useState } from 'preact/hooks'
import type { RequestRow } from '../page-data.ts'
import { pathOf } from '../paths.ts'
import { endingOf, shortId, shownTime } from '../shown.ts'
import { type ColumnName, columnOf, sortIn } from './columns.tsx'

interface TableProps {
  rows: readonly RequestRow[]
  columns: readonly ColumnName[]
  sort: string
  /** Leads to the same page in another order. */
  sortPath: (sort: string) => string
}

/** The title of a request is a link, so the whole table works from the keyboard. Two requests can be chosen to compare. */
export function RequestTable({ rows, columns, sort, sortPath }: TableProps) {
  const [chosen, setChosen] = useState<readonly string[]>([])
  const choose = (id: string, isChosen: boolean) => {
    setChosen((before) => [...before.filter((one) => one !== id), ...(isChosen ? [id] : [])].slice(-2))
  }
  const [a, b] = chosen
  return (
    <>
      {b !== undefined && (
        <p class="compare">
          <a href={pathOf('/ui/compare', { a, b })}>Compare the two chosen requests</a>
        </p>
      )}
      <div class="scroll">
        <table class="requests">
          <thead>
            <tr>
              <th scope="col">
                <span class="unseen">Compare</span>
              </th>
              {columns.map((name) => (
                <Head key={name} name={name} sort={sort} sortPath={sortPath} />
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <Row key={row.id} row={row} columns={columns} isChosen={chosen.includes(row.id)} choose={choose} />
            ))}
          </tbody>
        </table>
      </div>
    </>
  )
}

/** Each press leads to the next of three orders: the largest first, the smallest first, the latest first. */
function Head({ name, sort, sortPath }: Pick<TableProps, 'sort' | 'sortPath'> & { name: ColumnName }) {
  const order = sortIn(sort)
  const isSorted = order?.column === name
  const next = isSorted && !order.isDescending ? '' : name
  return (
    <th scope="col" aria-sort={isSorted ? ariaSort(order.isDescending) : undefined}>
      <a href={sortPath(isSorted ? next : `-${name}`)}>{columnOf(name).title}</a>
    </th>
  )
}

function ariaSort(isDescending: boolean) {
  return isDescending ? 'descending' : 'ascending'
}

interface RowProps {
  row: RequestRow
  columns: readonly ColumnName[]
  isChosen: boolean
  choose: (id: string, isChosen: boolean) => void
}

function Row({ row, columns, isChosen, choose }: RowProps) {
  const { id, ts, status, outcome } = row
  return (
    <tr class={endingOf(status, outcome)}>
      <td class="choice">
        <input
          type="checkbox"
          aria-label={`Compare ${shortId(id)} of ${shownTime(ts)}`}
          checked={isChosen}
          onChange={(event) => choose(id, event.currentTarget.checked)}
        />
      </td>
      {columns.map((name) => {
        const { className, content } = columnOf(name)
        return (
          <td key={name} class={className} dir={name === 'question' ? 'auto' : undefined}>
            {content(row)}
          </td>
        )
      })}
    </tr>
  )
}

import { Warnings } from '../layout.tsx'
import type { RequestsData } from '../page-data.ts'
import { pathOf } from '../paths.ts'
import { ColumnChoice } from './column-choice.tsx'
import { columnsIn, sortedRows } from './columns.tsx'
import { FilterForm } from './filter-form.tsx'
import type { Filters } from './list-filters.ts'
import { LiveBar } from './live-bar.tsx'
import { useLiveRows } from './live-rows.ts'
import { RequestTable } from './request-table.tsx'
import { SavedViews } from './saved-views.tsx'

export function RequestsPage({ filters, view, rows: loaded, cursor, next, ...data }: RequestsData) {
  const { searchedTo, livePath, warnings } = data
  const { rows, ...live } = useLiveRows(loaded, livePath)
  const { columns = '', sort = '' } = view
  const pathWith = (changed: Readonly<Record<string, string>>) => {
    return pathOf('/ui/requests', { ...filters, ...view, cursor, ...changed })
  }
  const shown = columnsIn(columns)
  return (
    <>
      <h1>Requests</h1>
      <FilterForm key={pathOf('', filters)} filters={filters} view={view} />
      <Warnings texts={warnings} />
      <div class="bar">
        <LiveBar {...live} />
        <ColumnChoice columns={shown} columnsPath={(chosen) => pathWith({ columns: chosen })} />
        <Exports filters={filters} />
        <SavedViews path={pathWith({ cursor: '' })} />
      </div>
      {rows.length === 0 ? (
        <Nothing isSearching={searchedTo !== undefined} />
      ) : (
        <RequestTable
          rows={sortedRows(rows, sort)}
          columns={shown}
          sort={sort}
          sortPath={(order) => pathWith({ sort: order })}
        />
      )}
      {searchedTo !== undefined && <p class="note">Searched back to {searchedTo}.</p>}
      {next !== undefined && (
        <p>
          <a class="more" href={next} rel="next">
            {searchedTo === undefined ? 'Earlier requests' : 'Continue the search'}
          </a>
        </p>
      )}
    </>
  )
}

/** All requests that pass the filters, not only those that are loaded. */
function Exports({ filters }: { filters: Filters }) {
  return (
    <p class="exports">
      {['csv', 'jsonl'].map((format) => (
        <a key={format} href={pathOf('/ui/v1/export', { ...filters, format })} download={`requests.${format}`}>
          {format.toUpperCase()}
        </a>
      ))}
    </p>
  )
}

function Nothing({ isSearching }: { isSearching: boolean }) {
  if (isSearching) return <p class="empty">Nothing was found yet.</p>
  return (
    <p class="empty">
      No request was found. Remove a filter, or fill the log database with <code>logdb ingest</code>.
    </p>
  )
}

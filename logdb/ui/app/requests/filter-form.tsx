import { useState } from 'preact/hooks'
import { pathOf } from '../paths.ts'
import { shownCount } from '../shown.ts'
import { type Filter, type Filters, MAIN_FILTERS, MORE_FILTERS, PRESETS } from './list-filters.ts'

/** Values that the log has, by the name of their filter. */
type Facets = Partial<Record<string, readonly { value: string; label?: string; count: number }[]>>

interface FormProps {
  filters: Filters
  /** What the URL says besides filters. */
  view: Readonly<Record<string, string>>
}

/** Values to choose from are read when the user begins to filter. */
export function FilterForm({ filters, view }: FormProps) {
  const [facets, setFacets] = useState<Facets>()
  const load = () => {
    if (facets) return
    setFacets({})
    void readFacets(filters).then(setFacets)
  }
  const isMoreOpen = MORE_FILTERS.some(({ name }) => filters[name] !== '')
  const fields = (all: readonly Filter[]) => {
    return all.map((filter) => (
      <Field key={filter.name} filter={filter} value={filters[filter.name]} known={facets?.[filter.name]} />
    ))
  }
  return (
    <>
      <Presets filters={filters} view={view} />
      <form class="filters" action="/ui/requests" onFocusCapture={load}>
        {Object.entries(view).map(([name, value]) => (
          <input key={name} type="hidden" name={name} value={value} />
        ))}
        {fields(MAIN_FILTERS)}
        <details open={isMoreOpen}>
          <summary>More filters</summary>
          <div class="filters">{fields(MORE_FILTERS)}</div>
        </details>
        <button type="submit">Filter</button>
        <a href={pathOf('/ui/requests', view)}>Clear</a>
      </form>
    </>
  )
}

function Presets({ filters, view }: FormProps) {
  return (
    <nav class="tabs" aria-label="Time">
      {Object.entries(PRESETS).map(([since, label]) => (
        <a
          key={since}
          href={pathOf('/ui/requests', { ...view, ...filters, since, to: '' })}
          aria-current={filters.since === since && filters.to === '' ? 'page' : undefined}
        >
          {label}
        </a>
      ))}
    </nav>
  )
}

function Field({ filter, value, known }: { filter: Filter; value: string; known: Facets[string] }) {
  const { name, label, example, hasFacet } = filter
  if (typeof example !== 'string') {
    return (
      <label>
        {label}
        <select name={name}>
          <option value="">any</option>
          {Object.entries(example).map(([one, text]) => (
            <option key={one} value={one} selected={one === value}>
              {text}
            </option>
          ))}
        </select>
      </label>
    )
  }
  return (
    <label>
      {label}
      <input
        key={value}
        name={name}
        defaultValue={value}
        placeholder={example}
        list={hasFacet ? `known-${name}` : undefined}
      />
      {hasFacet && (
        <datalist id={`known-${name}`}>
          {known?.map((one) => (
            <option key={one.value} value={one.value}>
              {`${one.label ?? one.value}: ${shownCount(one.count)}`}
            </option>
          ))}
        </datalist>
      )}
    </label>
  )
}

/** Without them the user can still type. */
async function readFacets({ since, to }: Filters): Promise<Facets> {
  try {
    const answer = await fetch(pathOf('/ui/v1/facets', { since, to }))
    return answer.ok ? await answer.json() : {}
  } catch {
    return {}
  }
}

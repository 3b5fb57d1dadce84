import { Warnings } from './layout.tsx'
import type { Hit, SearchData } from './page-data.ts'
import { requestPath, shownTime } from './shown.ts'

export function SearchPage({ query, hits, next, warnings }: SearchData) {
  return (
    <>
      <h1>Search</h1>
      <form class="filters" action="/ui/search">
        <label class="wide">
          Words, "a phrase", a OR b, NOT c
          <input type="search" name="q" value={query} />
        </label>
        <button type="submit">Search</button>
      </form>
      <Warnings texts={warnings} />
      {query !== '' && hits.length === 0 && (
        <p class="empty">Nothing was found. Try fewer words, or another form of one.</p>
      )}
      <ol class="hits">
        {hits.map((hit) => (
          <HitView key={`${hit.id} ${hit.ts} ${hit.pieces.join('')}`} hit={hit} />
        ))}
      </ol>
      {next !== undefined && (
        <p>
          <a class="more" href={next} rel="next">
            Earlier hits
          </a>
        </p>
      )}
    </>
  )
}

function HitView({ hit: { id, ts, role, model, pieces } }: { hit: Hit }) {
  return (
    <li>
      <a class="short" href={requestPath(id)}>
        {shownTime(ts)} · <bdi>{role}</bdi> · <bdi>{model}</bdi>
      </a>
      <p dir="auto">{pieces.map((piece, index) => (index % 2 === 0 ? piece : <mark key={index}>{piece}</mark>))}</p>
    </li>
  )
}

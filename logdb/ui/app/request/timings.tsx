import { shownDuration } from '../shown.ts'
import type { Timing } from './request-data.ts'

export function Timings({ moments, spans, retries }: Timing) {
  if (spans.length === 0) return <p class="empty">The log holds no times of this request.</p>
  return (
    <>
      <Spans spans={spans} />
      <Moments moments={moments} />
      <Attempts retries={retries} />
    </>
  )
}

function Attempts({ retries }: Pick<Timing, 'retries'>) {
  if (retries === null) return <p class="note">The log does not say when this request went to its provider.</p>
  if (retries === 0) return <p class="note">There was one attempt.</p>
  return <p class="note">There were {retries + 1} attempts, each with another key, connection or provider.</p>
}

/** A bar for each span, which begins where its time begins. */
function Spans({ spans }: Pick<Timing, 'spans'>) {
  const end = Math.max(1, ...spans.map(({ toMs }) => toMs))
  return (
    <table class="timing">
      <thead>
        <tr>
          <th scope="col">Span</th>
          <th scope="col">Time</th>
          <th scope="col">From receiving to the end</th>
        </tr>
      </thead>
      <tbody>
        {spans.map(({ name, fromMs, toMs }) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td class="number">{shownDuration(toMs - fromMs)}</td>
            <td>
              <svg viewBox="0 0 1000 16" preserveAspectRatio="none" aria-hidden="true">
                <rect class="whole" width="1000" height="16" />
                <rect x={(fromMs / end) * 1000} width={Math.max(2, ((toMs - fromMs) / end) * 1000)} height="16" />
              </svg>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Moments({ moments }: Pick<Timing, 'moments'>) {
  return (
    <table class="timing moments">
      <thead>
        <tr>
          <th scope="col">Moment</th>
          <th scope="col">After</th>
          <th scope="col">Time (UTC)</th>
        </tr>
      </thead>
      <tbody>
        {moments.map(({ name, afterMs, time }) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td class="number">{shownDuration(afterMs)}</td>
            <td>{time.slice(0, -1).replace('T', ' ')}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

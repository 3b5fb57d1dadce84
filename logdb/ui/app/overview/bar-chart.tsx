import { counted, shownCount } from '../shown.ts'
import type { Slot } from './overview-data.ts'

const [BAR_WIDTH, GAP, HEIGHT] = [10, 2, 100]

/** Requests and errors, without a script. Each bar leads to its requests. */
export function BarChart({ slots }: { slots: readonly Slot[] }) {
  const most = Math.max(1, ...slots.map(({ requests }) => requests))
  return (
    <figure class="chart" aria-label="Requests by time">
      <svg viewBox={`0 0 ${slots.length * BAR_WIDTH} ${HEIGHT}`} preserveAspectRatio="none">
        <title>Requests by time</title>
        {slots.map((slot, index) => (
          <a key={slot.name} href={slot.path} aria-label={titleOf(slot)}>
            <title>{titleOf(slot)}</title>
            <rect class="area" x={index * BAR_WIDTH} y="0" width={BAR_WIDTH} height={HEIGHT} />
            <Rect index={index} count={slot.requests} most={most} />
            <Rect index={index} count={slot.errors} most={most} isErrors />
          </a>
        ))}
      </svg>
      <p>
        <span>{slots[0]?.name}</span>
        <span>at most {shownCount(most)}</span>
        <span>{slots.at(-1)?.name}</span>
      </p>
    </figure>
  )
}

function titleOf({ name, requests, errors }: Slot): string {
  return `${name}: ${counted(requests, 'request')}, ${counted(errors, 'error')}`
}

function Rect({ index, count, most, isErrors }: { index: number; count: number; most: number; isErrors?: boolean }) {
  const height = (count / most) * HEIGHT
  return (
    <rect
      class={isErrors ? 'errors' : undefined}
      x={index * BAR_WIDTH + GAP / 2}
      y={HEIGHT - height}
      width={BAR_WIDTH - GAP}
      height={height}
    />
  )
}

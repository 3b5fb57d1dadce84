import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { hasScript } from '../has-script.ts'
import type { ChartContent, ChartSeries, drawChart } from '../on-demand/draw-chart.ts'
import type { Figures, Slot } from './overview-data.ts'

interface ChartPlan {
  title: string
  /** `bars` for counts that lie over each other, else lines. */
  isBars?: boolean
  unit: ChartContent['unit']
  series: readonly (Omit<ChartSeries, 'values'> & { figure: keyof Figures })[]
}

const PLANS: readonly ChartPlan[] = [
  {
    title: 'Requests and errors',
    isBars: true,
    unit: 'count',
    series: [
      { name: 'Requests', figure: 'requests', color: 'link' },
      { name: 'Errors', figure: 'errors', color: 'bad' },
    ],
  },
  {
    title: 'Tokens',
    unit: 'count',
    series: [
      { name: 'In', figure: 'tokensIn', color: 'link' },
      { name: 'Cached', figure: 'tokensCached', color: 'link', isDashed: true },
      { name: 'Out', figure: 'tokensOut', color: 'good' },
      { name: 'Reasoning', figure: 'tokensReasoning', color: 'good', isDashed: true },
    ],
  },
  {
    title: 'Latency',
    unit: 'ms',
    series: percentiles('p50', 'p95', 'p99'),
  },
  {
    title: 'First byte of the answer',
    unit: 'ms',
    series: percentiles('firstP50', 'firstP95', 'firstP99'),
  },
  {
    title: 'Cost, as providers report it',
    isBars: true,
    unit: 'cost',
    series: [{ name: 'Cost', figure: 'cost', color: 'link' }],
  },
]

function percentiles(p50: keyof Figures, p95: keyof Figures, p99: keyof Figures): ChartPlan['series'] {
  return [
    { name: 'p50', figure: p50, color: 'good' },
    { name: 'p95', figure: p95, color: 'cut' },
    { name: 'p99', figure: p99, color: 'bad' },
  ]
}

interface ChartsProps {
  slots: readonly Slot[]
  slotMs: number
  /** What is shown without a script, and until the charts are loaded. */
  fallback: ComponentChildren
}

/** Charts that show the figures under the pointer; a click opens the requests of that time. */
export function Charts({ slots, slotMs, fallback }: ChartsProps) {
  const [draw, setDraw] = useState<{ chart: typeof drawChart }>()
  const isWanted = hasScript.value
  useEffect(() => {
    if (isWanted) void import('../on-demand/draw-chart.ts').then((loaded) => setDraw({ chart: loaded.drawChart }))
  }, [isWanted])
  if (!draw) return <>{fallback}</>
  return (
    <div class="charts">
      {PLANS.filter((plan) => hasValues(plan, slots)).map((plan) => (
        <Chart key={plan.title} plan={plan} slots={slots} slotMs={slotMs} draw={draw.chart} />
      ))}
    </div>
  )
}

/** False if nothing of it is known, as costs that no provider reports. */
function hasValues({ series }: ChartPlan, slots: readonly Slot[]): boolean {
  return slots.some((slot) => series.some(({ figure }) => slot[figure] !== null))
}

interface ChartProps {
  plan: ChartPlan
  slots: readonly Slot[]
  slotMs: number
  draw: typeof drawChart
}

function Chart({ plan: { title, isBars = false, unit, series }, slots, slotMs, draw }: ChartProps) {
  const place = useRef<HTMLDivElement>(null)
  const link = useRef<HTMLAnchorElement>(null)
  useEffect(() => {
    if (!place.current) return undefined
    return draw(place.current, {
      times: slots.map(({ startS }) => startS),
      names: slots.map(({ name }) => name),
      stepS: slotMs / 1000,
      isBars,
      unit,
      series: series.map(({ figure, ...one }) => ({ ...one, values: slots.map((slot) => slot[figure]) })),
      onClick: (index) => {
        if (!link.current) return
        link.current.href = slots[index]?.path ?? ''
        link.current.click()
      },
    })
  }, [slots, slotMs, draw])
  return (
    <figure class="chart">
      <figcaption>{title}</figcaption>
      <div ref={place} />
      <a ref={link} hidden href="/ui/requests">
        Requests
      </a>
    </figure>
  )
}

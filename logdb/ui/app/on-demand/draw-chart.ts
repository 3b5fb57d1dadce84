import uPlot from 'uplot'

export interface ChartSeries {
  name: string
  values: readonly (number | null)[]
  /** Name of a colour of the style. */
  color: 'link' | 'good' | 'cut' | 'bad'
  isDashed?: boolean
}

export interface ChartContent {
  /** Seconds since 1970, one for each value. */
  times: readonly number[]
  /** Of the times, as the user reads them. */
  names: readonly string[]
  stepS: number
  isBars: boolean
  unit: 'count' | 'ms' | 'cost'
  series: readonly ChartSeries[]
  /** Gets the index of the time that was clicked. */
  onClick(index: number): void
}

const HEIGHT = 180
const AXIS_WIDTH = 56
const TIMES_HEIGHT = 28
const MS_PER_S = 1000
const S_PER_HOUR = 3600
const INCREMENTS_S = [1, 3, 6, 12, 24, 48, 168, 336, 720].map((hours) => hours * S_PER_HOUR)
const COMPACT = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })
const COST = new Intl.NumberFormat('en', { maximumSignificantDigits: 4 })
const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

/** The least value that the top of a chart may stand for. */
const LEAST_TOP: Record<ChartContent['unit'], number> = { count: 1, ms: 1, cost: 1e-6 }

/** Draws a chart that follows the width of its place and the colour scheme. @returns what removes it */
export function drawChart(place: HTMLElement, content: ChartContent): () => void {
  let chart = newChart(place, content)
  const redraw = () => {
    chart.destroy()
    chart = newChart(place, content)
  }
  const scheme = matchMedia('(prefers-color-scheme: dark)')
  scheme.addEventListener('change', redraw)
  const resized = new ResizeObserver(() => chart.setSize({ width: place.clientWidth, height: HEIGHT }))
  resized.observe(place)
  return () => {
    scheme.removeEventListener('change', redraw)
    resized.disconnect()
    chart.destroy()
  }
}

function newChart(place: HTMLElement, content: ChartContent): uPlot {
  const { times, stepS, series } = content
  const options: uPlot.Options = {
    width: place.clientWidth,
    height: HEIGHT,
    tzDate: (timeS) => uPlot.tzDate(new Date(timeS * MS_PER_S), 'Etc/UTC'),
    scales: {
      x: { range: () => [times[0] ?? 0, (times.at(-1) ?? 0) + stepS] },
      y: { range: (_chart, _min, max) => [0, Math.max(LEAST_TOP[content.unit], max * 1.1)] },
    },
    axes: axesOf(place, content),
    series: [
      { label: 'Time', value: (_chart, _time, _series, index) => content.names[index ?? -1] ?? '' },
      ...series.map((one) => seriesOptions(place, one, content)),
    ],
    legend: { markers: { dash: (_chart, index) => (series[index - 1]?.isDashed ? 'dashed' : 'solid') } },
    cursor: { y: false, drag: { x: false, y: false } },
  }
  const chart = new uPlot(options, [[...times], ...series.map(({ values }) => [...values])], place)
  chart.over.addEventListener('click', () => {
    if (typeof chart.cursor.idx === 'number') content.onClick(chart.cursor.idx)
  })
  return chart
}

function axesOf(place: HTMLElement, { unit, stepS }: ChartContent): uPlot.Axis[] {
  const common = {
    stroke: colorOf(place, 'soft'),
    grid: { stroke: colorOf(place, 'line'), width: 1 },
    ticks: { show: false },
  }
  const textOf = (value: number) => axisText(value, unit)
  const times: uPlot.Axis = {
    ...common,
    size: TIMES_HEIGHT,
    incrs: INCREMENTS_S.filter((one) => one >= stepS),
    values: (_chart, values) => values.map(timeText),
  }
  return [times, { ...common, size: AXIS_WIDTH, values: (_chart, values) => values.map(textOf) }]
}

function axisText(value: number, unit: ChartContent['unit']): string {
  if (unit === 'cost') return COST.format(value)
  return unit === 'ms' ? `${COMPACT.format(value / MS_PER_S)} s` : COMPACT.format(value)
}

function valueText(value: number, unit: ChartContent['unit']): string {
  if (unit === 'cost') return COST.format(value)
  return `${WHOLE.format(value)}${unit === 'ms' ? ' ms' : ''}`
}

/** `09-16`, or `08:00` within a day. */
function timeText(timeS: number): string {
  const iso = new Date(timeS * MS_PER_S).toISOString()
  return iso.slice(11, 16) === '00:00' ? iso.slice(5, 10) : iso.slice(11, 16)
}

function seriesOptions(place: HTMLElement, series: ChartSeries, { isBars, unit }: ChartContent): uPlot.Series {
  const color = colorOf(place, series.color)
  const bars = uPlot.paths.bars?.({ size: [0.8, 240], align: 1 })
  return {
    label: series.name,
    stroke: color,
    width: isBars ? 0 : 2,
    points: { fill: colorOf(place, 'back') },
    ...(isBars && bars && { fill: color, paths: bars, points: { show: false } }),
    ...(series.isDashed && { dash: [4, 4] }),
    value: (_chart, value) => (value === null ? '–' : valueText(value, unit)),
  }
}

/** A colour of the style as the canvas understands it. */
function colorOf(place: HTMLElement, name: string): string {
  const probe = document.createElement('span')
  probe.style.color = `var(--${name})`
  place.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}

import type { Figure } from './table.ts'

/** What a benchmark exports: it measures, prints what it compares as it goes, and returns the figures that were asked for. */
export interface Suite {
  run: () => Promise<Figure[]>
}

/** By the name that is given on the command line. */
export const SUITES: Record<string, () => Promise<Suite>> = {
  gateway: () => import('./gateway.ts'),
  'logdb-bundle': () => import('./logdb-bundle.ts'),
  'logdb-ingest': () => import('./logdb-ingest.ts'),
  'logdb-search': () => import('./logdb-search.ts'),
  ui: () => import('./logdb-ui.ts'),
}

/**
 * The files of each lane, in the order in which they run. The first two lanes run at the same time: the files of each use the
 * server of that name only, and should take about the same time. Those of the last lane run when the others have ended: they
 * use both servers or none, or need the server that restore.e2e.ts leaves.
 *
 * The first file of a server needs one that is clean. Each other file continues from what is there, or makes the server
 * clean; it also passes on its own.
 */
export const LANES = {
  bookworm: [
    'bookworm.e2e.ts',
    'cut-off.e2e.ts',
    'load.e2e.ts',
    'repair.e2e.ts',
    'backups.e2e.ts',
    'drill-bookworm.e2e.ts',
    'day-two.e2e.ts',
  ],
  trixie: [
    'trixie.e2e.ts',
    'backup-copies.e2e.ts',
    'logs.e2e.ts',
    'edge.e2e.ts',
    'https.e2e.ts',
    'lock.e2e.ts',
    'watch.e2e.ts',
    'adopt.e2e.ts',
  ],
  both: ['restore.e2e.ts', 'drill-trixie.e2e.ts', 'browser.e2e.ts'],
} as const

export type Lane = keyof typeof LANES

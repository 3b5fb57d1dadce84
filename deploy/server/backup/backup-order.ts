import type { BackupFact, Facts } from '../facts.ts'

/** Ours by their counter, newest first; then all others by their time, since nothing better is known of them. */
export function newestFirst(backups: readonly BackupFact[]): BackupFact[] {
  const counterOf = ({ summary }: BackupFact) => summary?.counter ?? 0
  return [...backups].sort((a, b) => counterOf(b) - counterOf(a) || timeOf(b) - timeOf(a))
}

/** Milliseconds since 1970. */
export function timeOf({ summary, modifiedS }: BackupFact): number {
  return summary === null ? modifiedS * 1000 : Date.parse(summary.createdAt)
}

/** Counter of the last backup that was made; 0 if there was none. */
export function lastCounter({ state, backups }: Pick<Facts, 'state' | 'backups'>): number {
  return Math.max(state?.backups ?? 0, ...backups.map(({ summary }) => summary?.counter ?? 0))
}

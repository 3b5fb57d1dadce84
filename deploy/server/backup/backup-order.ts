import type { BackupFact, Facts } from '../facts.ts'
import type { BackupCopy } from './backup-copies.ts'

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

/** Names of our backups that are not in this place yet. */
export function backupsToSend(backups: readonly BackupFact[], copies: readonly BackupCopy[], to: string): string[] {
  const isThere = (name: string) => copies.some((copy) => copy.name === name && copy.to === to)
  return backups.filter(({ name, summary }) => summary !== null && !isThere(name)).map(({ name }) => name)
}

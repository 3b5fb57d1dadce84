import type { Scheduler } from '../../remote/logdb/schedule.ts'
import type { Pairs } from '../pairs.ts'

/** What calls `logdb auto` on the server. */
export interface RoutineFact {
  /** What could call it; undefined where there is neither systemd nor cron. */
  scheduler: Scheduler | undefined
  /** Texts that make it call the script, as `routineEntry` writes them; empty if nothing does. */
  entry: readonly string[]
  /** Text of scripts/logdb-routine; undefined if there is none. */
  script: string | undefined
}

export function readRoutine(pairs: Pairs): RoutineFact {
  const scheduler = pairs.one('scheduler')
  return {
    scheduler: scheduler === 'systemd' || scheduler === 'cron' ? scheduler : undefined,
    entry: pairs.all('routine_entry').map((text) => Buffer.from(text, 'base64').toString()),
    script: pairs.text('routine_script'),
  }
}

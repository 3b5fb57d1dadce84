import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { expect, test } from 'vitest'
import type { Argv } from '../../../../deploy/host/argv.ts'
import { schedule, unschedule } from '../../../../deploy/remote/logdb/schedule.ts'
import { routineEntry } from '../../../../deploy/server/logdb/routine-entry.ts'
import { pathWith } from '../../../helpers/server/programs-first.ts'
import { tempFolder } from '../../../helpers/temp-folder.ts'

const SCRIPT = '/srv/it’s 100% "here" $HOME/scripts/logdb-routine'

test('systemd gets both units whole, and starts the timer', async () => {
  const folder = tempFolder()
  const systemctl = `#!/bin/sh\necho "$@" >> ${folder}/calls\n`
  await run(schedule('systemd', routineEntry('systemd', SCRIPT, 'daily'), folder), { systemctl })
  expect(readdirSync(folder).sort()).toEqual(['ai-proxy-routine.service', 'ai-proxy-routine.timer', 'calls'])
  const [service, timer, calls] = ['ai-proxy-routine.service', 'ai-proxy-routine.timer', 'calls'].map((name) =>
    readFileSync(join(folder, name), 'utf8'),
  )
  expect(service).toContain('\nExecStart=/bin/sh "/srv/it’s 100%% \\"here\\" $$HOME/scripts/logdb-routine"\nNice=10\n')
  expect(timer).toContain('\nOnCalendar=*-*-* 03:17:00\n')
  expect(calls).toBe('daemon-reload\nenable --quiet ai-proxy-routine.timer\nrestart ai-proxy-routine.timer\n')
})

test('the line of cron runs the script whatever its path is, once, and the lines of others stay', async () => {
  const folder = tempFolder({
    'a b/it’s $HOME/scripts/logdb-routine': 'echo ran > "$RAN"\n',
    table: '# mine\n0 1 * * * true\n',
  })
  const table = join(folder, 'table')
  const crontab = `#!/bin/sh\ncase $1 in -l) cat ${table} ;; *) cat > ${table}.new; mv ${table}.new ${table} ;; esac\n`
  const script = join(folder, 'a b/it’s $HOME/scripts/logdb-routine')
  for (const often of ['daily', 'hourly'] as const)
    await run(schedule('cron', routineEntry('cron', script, often)), { crontab })
  const lines = readFileSync(table, 'utf8').trimEnd().split('\n')
  expect(lines).toEqual(['# mine', '0 1 * * * true', expect.stringMatching(/^17 \* \* \* \* sh /)])
  // As cron does it.
  const command = lines[2]?.split(' ').slice(5).join(' ').replaceAll('\\%', '%') ?? ''
  await execa('sh', ['-c', command], { env: { RAN: join(folder, 'ran') } })
  expect(existsSync(join(folder, 'ran'))).toBe(true)
  const systemctl = '#!/bin/sh\nexit 1\n'
  await run(unschedule(join(folder, 'a b/it’s $HOME')), { crontab, systemctl })
  expect(readFileSync(table, 'utf8')).toBe('# mine\n0 1 * * * true\n')
  expect(existsSync(script)).toBe(false)
})

async function run([program, ...args]: Argv, programs: Record<string, string>): Promise<void> {
  await execa(program, args, { env: { PATH: pathWith(programs) } })
}

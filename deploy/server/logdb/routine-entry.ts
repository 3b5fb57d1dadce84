import { quoteArgv } from '../../host/argv.ts'
import { CRON_MARK, ROUTINE_UNIT, type Scheduler } from '../../remote/logdb/schedule.ts'

export type Often = 'hourly' | 'daily'

/**
 * The texts that make a server call a script: a service and its timer for systemd, one line for cron.
 * @param script absolute path
 */
export function routineEntry(scheduler: Scheduler, script: string, often: Often): string[] {
  if (scheduler === 'systemd') return [service(script), timer(often)]
  const hour = often === 'hourly' ? '*' : '3'
  // For cron a per cent sign ends the command.
  return [`17 ${hour} * * * ${quoteArgv(['sh', script]).replaceAll('%', '\\%')} ${CRON_MARK}`]
}

function service(script: string): string {
  const path = script.replaceAll(/["\\]/g, '\\$&').replaceAll('%', '%%').replaceAll('$', '$$$$')
  return `# Keeps the log database of the gateway. Written by ai-deploy; a deploy replaces it.
[Unit]
Description=logdb auto for ai-proxy
After=docker.service

[Service]
Type=oneshot
ExecStart=/bin/sh "${path}"
Nice=10
IOSchedulingClass=idle
`
}

function timer(often: Often): string {
  return `# Starts ${ROUTINE_UNIT}.service. Written by ai-deploy; a deploy replaces it.
[Unit]
Description=logdb auto for ai-proxy, ${often}

[Timer]
OnCalendar=${often === 'hourly' ? '*-*-* *:17:00' : '*-*-* 03:17:00'}
RandomizedDelaySec=5min
Persistent=yes

[Install]
WantedBy=timers.target
`
}

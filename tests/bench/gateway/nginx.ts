import { writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { UserError } from '../../../kit/user-error.ts'
import { findProgram } from '../../helpers/process/programs.ts'
import { type RunningProcess, startServer } from '../../helpers/process/server-process.ts'

export interface NginxOptions {
  /** Where its configuration and its temporary files go. */
  folder: string
  port: number
  /** Directives of `http`, next to `server`. */
  http?: string
  /** Directives of `server`, in addition to the address. */
  server: string
}

/** Starts nginx with one worker and one server, which never closes a connection by itself. */
export function startNginx({ folder, port, http = '', server }: NginxOptions): Promise<RunningProcess> {
  const config = join(folder, `nginx-${port}.conf`)
  writeFileSync(config, configuration({ folder, port, http, server }))
  const program = requireProgram('nginx')
  return startServer([program, '-p', folder, '-c', config, '-e', 'stderr'], { cwd: folder, port })
}

/** Its absolute path; says how to install it where it is missing. */
export function requireProgram(name: 'nginx' | 'wrk'): string {
  const path = findProgram(name)
  if (path) return path
  throw new UserError('PROGRAM_MISSING', `the benchmark of the gateway needs ${name}, which is not installed`, {
    hint: `run: sudo apt-get install ${name}`,
  })
}

function configuration({ folder, port, http, server }: Required<NginxOptions>): string {
  const { uid, username } = userInfo()
  // As root its worker would be another user, who may not write in our folder.
  const user = uid === 0 ? `user ${username};` : ''
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `${user}
daemon off;
worker_processes 1;
pid ${folder}/nginx-${port}.pid;
error_log stderr error;
events { worker_connections 8192; }
http {
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 600s;
  client_max_body_size 64m;
  client_body_buffer_size 8m;
  ${temporary.map((name) => `${name}_temp_path ${folder}/nginx-${port}-${name};`).join('\n  ')}
  ${http}
  server {
    listen 127.0.0.1:${port} backlog=4096;
    ${server}
  }
}
`
}

import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

const CLOCK_TICK_MS = 10
const TCP_LISTEN = '0A'

/** CPU time so far in ms, user and system, of a process and its children; Linux only, and no finer than 10 ms. */
export function cpuTimeMs(pid: number): number {
  return [pid, ...children(pid)].reduce((sum, one) => sum + cpuTicks(one) * CLOCK_TICK_MS, 0)
}

/** Resident memory in bytes of a process and its children; Linux only. */
export function residentBytes(pid: number): number {
  return [pid, ...children(pid)].reduce((sum, one) => sum + residentKib(one) * 1024, 0)
}

/** Open TCP sockets of a process, without those that only listen; Linux only. */
export function tcpConnections(pid: number): number {
  const inodes = new Set(readdirSync(`/proc/${pid}/fd`).map((fd) => socketInode(`/proc/${pid}/fd/${fd}`)))
  const tables = ['tcp', 'tcp6'].map((name) => readFileSync(`/proc/${pid}/net/${name}`, 'utf8').trim())
  const sockets = tables.flatMap((table) => table.split('\n').map((line) => line.trim().split(/\s+/)))
  return sockets.filter(([, , , state, , , , , , inode]) => state !== TCP_LISTEN && inodes.has(inode)).length
}

function socketInode(link: string): string | undefined {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(link))?.[1]
  } catch {
    // Closed since it was listed.
    return undefined
  }
}

function children(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return text === '' ? [] : text.split(' ').map(Number)
}

/** The name in the second field may hold spaces, so fields count from its closing bracket. */
function cpuTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11]) + Number(fields[12])
}

function residentKib(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN)
}

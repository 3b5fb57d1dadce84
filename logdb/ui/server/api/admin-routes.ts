import type { FastifyReply, FastifyRequest } from 'fastify'
import type { AdminData, JobItem, StoreItem } from '../../app/admin/admin-data.ts'
import type { AdminRequest, ForgetRequest, Job } from '../admin/admin-jobs.ts'
import type { KeptFile } from '../admin/store-health.ts'
import type { UiParts } from '../ui-parts.ts'

const ACCEPTED = 202

export async function store(request: FastifyRequest, _reply: FastifyReply, parts: UiParts): Promise<StoreItem> {
  parts.gate.adminOf(request)
  return await storeItem(parts)
}

export function jobs(request: FastifyRequest, _reply: FastifyReply, { gate, jobs }: UiParts) {
  gate.adminOf(request)
  return { items: jobs.all.map(jobItem) }
}

export async function startJob(request: FastifyRequest, reply: FastifyReply, parts: UiParts) {
  return await start(request.body as AdminRequest, request, reply, parts)
}

/** Removes requests permanently; without a dry run of the same before, it is refused. */
export async function forget(request: FastifyRequest, reply: FastifyReply, parts: UiParts) {
  const selection = request.body as Omit<ForgetRequest, 'job'>
  return await start({ job: 'forget', ...selection }, request, reply, parts)
}

async function start(job: AdminRequest, request: FastifyRequest, reply: FastifyReply, { gate, jobs, log }: UiParts) {
  const access = gate.adminOf(request)
  const started = await jobs.start(job)
  log.add('job', access, { address: request.ip, what: JSON.stringify(job) })
  return reply.code(ACCEPTED).send(jobItem(started))
}

/** What the admin page shows. @throws UserError, UiProblem */
export async function adminData(parts: UiParts): Promise<AdminData> {
  return { store: await storeItem(parts), jobs: parts.jobs.all.map(jobItem) }
}

async function storeItem({ reader, jobs }: UiParts): Promise<StoreItem> {
  const follow = await jobs.status()
  const health = await reader.storeHealth(follow?.bundles)
  return {
    partitions: health.partitions,
    first_day: health.firstDay ?? null,
    last_day: health.lastDay ?? null,
    bytes: health.bytes,
    unread_bytes: health.unreadBytes ?? null,
    quarantined: health.quarantined,
    errors: health.errors.map(({ path, offset, length, reason, head, seenTs }) => {
      return { path, offset, length, reason, head, seen_ts: seenTs }
    }),
    last_bundle: keptItem(health.lastBundle),
    last_backup: keptItem(health.lastBackup),
    follow: follow ? { up_to_date_at: follow.up_to_date_at, running: follow.running, waiting: follow.waiting } : null,
  }
}

function keptItem(file: KeptFile | undefined) {
  return file ? { name: file.name, bytes: file.bytes, made_at: new Date(file.madeMs).toISOString() } : null
}

function jobItem({ id, request, state, progress, askedMs, endedMs, result, error }: Job): JobItem {
  const { job, ...options } = request
  return {
    id,
    job,
    options,
    state,
    progress: progress ?? null,
    asked_at: new Date(askedMs).toISOString(),
    ended_at: endedMs === undefined ? null : new Date(endedMs).toISOString(),
    result: result ?? null,
    error: error ?? null,
  }
}

const text = { type: 'string' }
const optional = (type: string) => ({ type: [type, 'null'] })
/** All of these and nothing else. */
const exactly = (properties: Record<string, object>) => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
})
const orNull = (schema: object) => ({ anyOf: [schema, { type: 'null' }] })
const listOf = (items: object) => ({ type: 'array', items })

const HEALTH = exactly({ ok: { type: 'boolean' }, problem: optional('string') })
const DISK = orNull(exactly({ free_bytes: { type: 'integer' }, total_bytes: { type: 'integer' } }))
const CHECKS = listOf({
  type: 'object',
  properties: { name: text, says: text, ok: { type: 'boolean' }, remedy: text },
  required: ['name', 'says', 'ok'],
  additionalProperties: false,
})

/** What `result` of each verb is with --json. */
export const SCHEMAS = {
  status: exactly({
    url: optional('string'),
    live: orNull(
      exactly({ release: text, since: optional('string'), by: optional('string'), verb: optional('string') }),
    ),
    previous: orNull(exactly({ release: text, warm_until: optional('string') })),
    health: orNull(exactly({ inside: HEALTH, outside: HEALTH })),
    requests_in_flight: optional('integer'),
    certificate: orNull(exactly({ domain: text, valid_until: text, days_left: { type: 'integer' } })),
    disk: exactly({ docker: DISK, folder: DISK }),
    logs: orNull(
      exactly({
        last_record: optional('string'),
        last_ingest: optional('string'),
        behind_bytes: optional('integer'),
        waiting_bytes: optional('integer'),
        lost_records: optional('integer'),
      }),
    ),
    routine: orNull(
      exactly({
        last_run: orNull(
          exactly({
            started_at: text,
            ended_at: text,
            ok: { type: 'boolean' },
            problem: optional('string'),
            hint: optional('string'),
          }),
        ),
        more: { type: 'boolean' },
        running: { type: 'boolean' },
        next_run: optional('string'),
      }),
    ),
    ui: orNull(exactly({ url: text, running: { type: 'boolean' } })),
    last_backup: orNull(exactly({ name: text, at: text, size_bytes: { type: 'integer' }, copy: optional('string') })),
    draining: listOf(exactly({ release: text, requests_in_flight: optional('integer') })),
    hold: orNull(exactly({ at: text, by: text, text })),
    lock: optional('string'),
  }),
  doctor: exactly({ checks: CHECKS }),
  drill: exactly({
    answers: exactly({
      keep_alive: { type: 'integer' },
      new_connection: { type: 'integer' },
      stream: { type: 'integer' },
    }),
    answers_by: { type: 'object', additionalProperties: { type: 'integer' } },
    failed: { type: 'integer' },
    failures: listOf(text),
    slowest_ms: optional('integer'),
    switched_ms: listOf({ type: 'integer' }),
    rehearsed_backup: optional('string'),
  }),
  test: exactly({ url: text, from: { enum: ['here', 'server'] }, checks: CHECKS }),
  logs: exactly({ part: { enum: ['gateway', 'edge', 'requests'] }, lines: listOf(text) }),
  exec: exactly({ exit_code: { type: 'integer' }, stdout: text, stderr: text }),
  'env list': exactly({
    path: text,
    variables: listOf(
      exactly({
        name: text,
        value: optional('string'),
        read_by: { enum: ['gateway', 'server', 'logdb', 'nothing'] },
        is_in_effect: optional('boolean'),
      }),
    ),
  }),
  'config pull': exactly({ path: text, release: text, changed: { type: 'boolean' } }),
}

/** The parts of the program; each is a folder at the top. */
export const PARTS = ['kit', 'templates', 'deploy', 'proxy', 'logdb'] as const

export interface Rule {
  /** Files whose path starts with this. */
  from: string
  /** They may import files whose path starts with one of these. */
  ours: readonly string[]
  /** And types of these. */
  types?: readonly string[]
  packages: readonly string[]
}

/** Which files may import what from elsewhere; the first rule that fits a file decides. */
export const RULES: readonly Rule[] = [
  { from: 'kit/cli/', ours: ['kit/'], packages: ['commander', 'picocolors'] },
  { from: 'kit/object-store/', ours: ['kit/'], packages: ['aws4fetch'] },
  { from: 'kit/backup-copy/', ours: ['kit/'], packages: ['age-encryption', 'ssh2'] },
  { from: 'kit/gateway-config/linear-pattern.ts', ours: [], packages: ['re2js'] },
  { from: 'kit/', ours: ['kit/'], packages: ['ajv', 'yaml'] },
  { from: 'templates/', ours: ['templates/', 'kit/'], packages: ['yaml'] },
  { from: 'deploy/remote/', ours: ['deploy/remote/'], types: ['deploy/host/'], packages: [] },
  { from: 'deploy/host/ssh/', ours: ['deploy/host/', 'deploy/errors.ts', 'kit/'], packages: ['node-ssh', 'ssh2'] },
  { from: 'deploy/host/', ours: ['deploy/host/', 'deploy/errors.ts', 'kit/'], packages: [] },
  { from: 'deploy/session/prompts.ts', ours: ['deploy/', 'kit/'], packages: ['inquirer'] },
  { from: 'deploy/local/hosts-file.ts', ours: ['kit/'], packages: ['ajv', 'yaml'] },
  { from: 'deploy/plan/differences/', ours: ['deploy/', 'kit/'], packages: ['diff'] },
  { from: 'deploy/', ours: ['deploy/', 'templates/', 'kit/'], packages: ['commander', 'listr2', 'tar', 'undici'] },
  { from: 'logdb/store/sqlite/open.ts', ours: ['logdb/', 'kit/'], packages: ['better-sqlite3'] },
  { from: 'logdb/verbs/export/', ours: ['logdb/', 'kit/'], packages: ['hyparquet', 'hyparquet-writer'] },
  { from: 'logdb/mcp/serve.ts', ours: ['logdb/', 'kit/'], packages: ['@modelcontextprotocol/sdk'] },
  { from: 'logdb/bundle/format/', ours: ['logdb/', 'kit/'], packages: ['tar'] },
  {
    from: 'logdb/ui/app/',
    ours: ['logdb/ui/app/'],
    packages: ['preact', '@preact/signals', 'marked', 'uplot', '@speed-highlight/core'],
  },
  { from: 'logdb/ui/server/pages/document.tsx', ours: ['logdb/ui/'], packages: ['preact-render-to-string'] },
  { from: 'logdb/ui/server/queries/line-diff.ts', ours: [], types: ['logdb/ui/app/compare/'], packages: ['diff'] },
  { from: 'logdb/ui/', ours: ['logdb/', 'kit/'], packages: ['fastify'] },
  { from: 'logdb/', ours: ['logdb/', 'kit/'], packages: ['commander'] },
  { from: 'proxy/', ours: ['proxy/', 'kit/'], packages: ['fastify', 'undici', 'eventsource-parser', 'prom-client'] },
]

/**
 * The order of the rooms of each part, from the top down. A file may import files of its own room and of rooms on lower
 * floors; rooms on one floor do not import each other. A file is in the room with the longest fitting path.
 */
export const FLOORS: Partial<Record<(typeof PARTS)[number] | 'scripts/rig', readonly (readonly string[])[]>> = {
  deploy: [
    ['cli.ts'],
    ['main.ts'],
    ['commands/'],
    ['session/'],
    ['steps/'],
    ['plan/'],
    ['server/'],
    ['remote/', 'probe/', 'local/'],
    ['host/'],
    ['errors.ts'],
  ],
  kit: [['cli/', 'backup-copy/'], ['object-store/'], ['gateway-config/'], ['settings/'], [''], ['user-error.ts']],
  proxy: [
    ['main.ts'],
    ['process/'],
    ['http/'],
    ['relay/'],
    ['routing/'],
    ['providers/'],
    ['upstream/'],
    ['exchange/'],
    ['apis/', 'metrics/', 'traces/'],
    ['log/', 'objects/'],
    ['json/'],
    [''],
  ],
  'scripts/rig': [
    ['commands/'],
    ['servers/'],
    ['images/node/', 'images/server/', 'images/traefik/'],
    ['images/'],
    ['services/'],
    ['machine/'],
    [''],
  ],
  logdb: [
    ['cli.ts'],
    ['main.ts', 'index.ts'],
    ['commands/'],
    ['mcp/', 'ui/server/'],
    ['ui/server/pages/'],
    ['ui/server/api/'],
    ['ui/server/ui-parts.ts'],
    ['ui/server/live/'],
    ['ui/server/queries/', 'ui/server/admin/admin-jobs.ts'],
    ['ui/server/admin/'],
    ['ui/server/access/'],
    ['ui/server/ui-problem.ts', 'ui/server/ui-settings.ts'],
    ['ui/app/'],
    ['follow/'],
    ['command-line/', 'output/'],
    ['routine/'],
    ['bundle/create/', 'bundle/import/'],
    ['bundle/verify/'],
    ['bundle/protection/'],
    ['bundle/format/'],
    [
      'verbs/',
      'verbs/audit/',
      'verbs/convert/',
      'verbs/dialogs/',
      'verbs/erasure/',
      'verbs/export/',
      'verbs/fts/',
      'verbs/list/',
      'verbs/merge/',
      'verbs/search/',
      'verbs/stats/',
    ],
    ['control-socket/'],
    ['conversation/', 'ingest/', 'transfer/'],
    ['ingest/worker/'],
    ['ingest/reading/'],
    ['sources/', 'store/merge/', 'store/snapshot/', 'store/search/', 'store/union/', 'store/export/'],
    ['store/rows/', 'store/predecessor/', 'store/word-filter/'],
    ['store/partition/'],
    ['store/control/', 'store/text-index/', 'store/rollups/', 'store/tables/'],
    ['store/folder/'],
    ['store/sqlite/'],
    ['record/'],
    ['canon/'],
    ['settings.ts', 'threads.ts', 'csv.ts'],
    ['days.ts', 'counted.ts'],
    ['error-table.ts'],
  ],
}

/** The only files that may read process.env: where a program starts. */
export const READS_ENVIRONMENT = ['deploy/cli.ts', 'proxy/main.ts', 'logdb/cli.ts']

/** Folders that hold a flat list of similar things, which may be long. */
export const ALIKE: readonly string[] = ['logdb/commands', 'deploy/commands', 'deploy/steps/changes', 'proxy/apis']

import type { Flags } from '../local/options.ts'
import type { Context } from '../session/context.ts'
import type { Outcome } from '../session/shown/report.ts'
import type { VerbName } from './verb-table.ts'

type VerbAction = (context: Context, words: readonly string[], flags: Flags) => Promise<Outcome>

/** Verbs that are another name of an action. */
export type ActionVerb = 'plan' | 'backup list' | 'backup restore'

/** Each is loaded only when it is used, so that --help is quick. */
export const VERB_ACTIONS: Record<Exclude<VerbName, ActionVerb>, VerbAction> = {
  adopt: async (context) => (await import('./adopt.ts')).adopt(context),
  status: async (context) => (await import('./look/status.ts')).status(context),
  doctor: async (context) => (await import('./look/doctor/doctor.ts')).doctor(context),
  test: async (context, _, { from }) => (await import('./look/test-gateway.ts')).testGateway(context, from),
  logs: async (context, [part], flags) => (await import('./look/logs.ts')).showLogs(context, { part, ...flags }),
  'logs pull': async (context, _, { to }) => (await import('./logs-pull/pull-logs.ts')).pullLogs([context], to),
  ui: async (context, _, { port, open }) => (await import('./look/show-ui.ts')).showUi(context, { port, open }),
  exec: async (context, words, { stdin }) => (await import('./look/exec.ts')).execInGateway(context, words, stdin),
  'env list': async (context) => (await import('./env/env-list.ts')).listEnv(context),
  'env set': async (context, words) => (await import('./env/env-set.ts')).setEnv(context, words),
  'env unset': async (context, words) => (await import('./env/env-unset.ts')).unsetEnv(context, words),
  'env edit': async (context) => (await import('./env/env-edit.ts')).editEnv(context),
  'config pull': async (context, [file]) => (await import('./config/config-pull.ts')).pullConfig(context, file),
  'config push': async (context, [file]) => (await import('./config/config-push.ts')).pushConfig(context, file),
  'config edit': async (context) => (await import('./config/config-edit.ts')).editConfig(context),
  upgrade: async (context) => (await import('./upkeep/upgrade.ts')).upgrade(context),
  prune: async (context, _, { keep }) => (await import('./upkeep/prune.ts')).prune(context, keep),
  remove: async (context, _, { data }) => (await import('./upkeep/remove.ts')).remove(context, data ?? false),
  drill: async (context, _, { withRestore }) =>
    (await import('./upkeep/drill.ts')).drill(context, withRestore ?? false),
  https: async (context) => (await import('./https.ts')).https(context),
  'test-https': async (context) => (await import('./test-https.ts')).testHttps(context),
  releases: async (context) => (await import('./releases.ts')).listReleases(context),
  unlock: async (context) => (await import('./unlock.ts')).unlock(context),
  hold: async (context, _, { message }) => (await import('./hold.ts')).hold(context, message ?? ''),
  unhold: async (context) => (await import('./hold.ts')).unhold(context),
  'backup create': async (context) => (await import('./backup-create.ts')).createBackup(context),
  'backup verify': async (context, [file = '']) => (await import('./backup-verify.ts')).verifyBackup(context, file),
  'backup pull': async (context, [file = '']) => (await import('./backup-pull.ts')).pullBackup(context, file),
  audit: async (context) => (await import('./audit.ts')).showAudit(context),
}

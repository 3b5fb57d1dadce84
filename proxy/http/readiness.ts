/** What /ready reports. */
export interface Readiness {
  /** True after the signal to stop: the gateway is not ready, and each connection is closed after its answer. */
  isDraining: boolean
  /** Why a changed config.yml is not in force; null if it is. */
  configProblem: string | null
}

/** The variable that holds the number of a worker, from 1 on; only the primary process sets it. */
export const WORKER_VARIABLE = 'AI_PROXY_WORKER'

/** The message of the primary process that tells a worker not to wait for running answers. */
export const STOP_NOW = 'stop now'

/** Exit code after a second Ctrl-C. */
export const EXIT_INTERRUPTED = 130

/** Traefik closes its listeners at once, and then waits for running answers. */
export const EDGE_RESTARTS = 'new connections are refused for about 10 seconds while the edge restarts'

/** Of what repairs: nothing answers before it is done. */
export const IS_DOWN = 'the gateway does not answer until this is done'

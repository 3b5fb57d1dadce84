import { COMMON_ERRORS, type ErrorKind, errorMaker } from '../kit/cli/errors.ts'

const { BUG, CONFIG_INVALID } = COMMON_ERRORS

/** Errors that end the process of the gateway; docs/gateway.md lists the same codes. `problems.ts` has those of requests. */
export const GATEWAY_ERRORS = {
  BUG,
  CONFIG_INVALID,
  PORT_IN_USE: { exitCode: 1, meaning: 'another program already listens on `HOST` and `PORT`' },
  CANNOT_LISTEN: {
    exitCode: 1,
    meaning: 'the gateway may not listen on `HOST` and `PORT`, or not on `METRICS_HOST` and `METRICS_PORT`',
  },
} as const satisfies Record<string, ErrorKind>

/** Makes an error of this table. */
export const gatewayError = errorMaker(GATEWAY_ERRORS)

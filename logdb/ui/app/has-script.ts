import { signal } from '@preact/signals'

/** True in a browser that runs our scripts: what works only with them is shown only then. */
export const hasScript = signal(false)

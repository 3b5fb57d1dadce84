/** Compose v1 reads YAML 1.1, where 1:2 is a number and a bare time a date: such texts are quoted. */
export const YAML_OPTIONS = { lineWidth: 0, version: '1.1' } as const

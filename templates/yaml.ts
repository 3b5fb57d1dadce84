import { stringify } from 'yaml'

/** YAML for Compose v1 too, which reads YAML 1.1: there 1:2 is a number and a bare time a date, so such texts are quoted. */
export function renderYaml(value: unknown): string {
  return stringify(value, { lineWidth: 0, version: '1.1' })
}

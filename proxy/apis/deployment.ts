import { OPEN_BRACE } from '../../kit/ascii.ts'
import { applyEdits, insertMember } from '../json/edit.ts'
import { scanJsonObject } from '../json/scan.ts'

/** A JSON body that names this model, whichever it named before; the same bytes if it is not JSON, or contradicts itself. */
export function withDeployment(body: Buffer, deployment: string): Buffer {
  const repeated: 'model'[] = []
  const found = scanJsonObject(body, ['model'], repeated)
  if (!found || repeated.length > 0) return body
  const text = JSON.stringify(deployment)
  const { model } = found
  return applyEdits(body, [
    model ? { ...model, text } : insertMember(body, body.indexOf(OPEN_BRACE), `"model":${text}`),
  ])
}

import { MultipartUpload } from './multipart.ts'
import { ObjectRequests, type ObjectStoreSettings } from './requests.ts'
import { elements, elementText } from './xml.ts'

/** An upload that is not complete. Its parts are not listed as objects, but they are paid for. */
export interface UnfinishedUpload {
  key: string
  id: string
  /** When it began; NaN if the store does not say it. */
  startedMs: number
}

/** Those of keys that begin like this. @throws UserError OBJECT_STORE_* */
export async function unfinishedUploads(settings: ObjectStoreSettings, prefix: string): Promise<UnfinishedUpload[]> {
  const requests = new ObjectRequests(settings)
  const found: UnfinishedUpload[] = []
  let next: Record<string, string> | undefined = {}
  while (next) {
    const query = { uploads: '', prefix, ...next }
    const answer = await requests.send({ method: 'GET', key: '', query, what: `list the uploads of ${prefix}*` })
    const xml = await answer.text()
    found.push(...elements(xml, 'Upload').map(uploadOf))
    next = elementText(xml, 'IsTruncated') === 'true' ? markersOf(xml) : undefined
  }
  return found
}

/** @throws UserError OBJECT_STORE_* */
export async function removeUpload(settings: ObjectStoreSettings, key: string, id: string): Promise<void> {
  await new MultipartUpload(new ObjectRequests(settings), { key }, id).remove()
}

function uploadOf(xml: string): UnfinishedUpload {
  const [key = '', id = '', begun = ''] = ['Key', 'UploadId', 'Initiated'].map((name) => elementText(xml, name))
  return { key, id, startedMs: Date.parse(begun) }
}

function markersOf(xml: string): Record<string, string> {
  const [key = '', id = ''] = ['NextKeyMarker', 'NextUploadIdMarker'].map((name) => elementText(xml, name))
  return { 'key-marker': key, 'upload-id-marker': id }
}

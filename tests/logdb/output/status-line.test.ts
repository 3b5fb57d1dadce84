import { expect, test } from 'vitest'
import { emptyReport } from '../../../logdb/ingest/report.ts'
import { progressLine } from '../../../logdb/output/status-line.ts'

const MB = 1_000_000
const report = { ...emptyReport(), rowsInserted: 1234 }

test('a run says how far it is, how fast, and how long it will take', () => {
  expect(progressLine(report, { doneBytes: 250 * MB, totalBytes: 1000 * MB }, 10)).toBe(
    '25 %, 0:30 left, 25.0 MB/s, 250.0 of 1000.0 MB, 1234 rows',
  )
  const late = { ...report, recordsQuarantined: 2 }
  expect(progressLine(late, { doneBytes: 20 * MB, totalBytes: 10_020 * MB }, 1)).toBe(
    '0 %, 8:20 left, 20.0 MB/s, 20.0 of 10020.0 MB, 1234 rows, 2 not readable',
  )
})

test('a run that reads more than expected, or nothing, shows sensible figures', () => {
  expect(progressLine(report, { doneBytes: 2 * MB, totalBytes: MB }, 2)).toBe(
    '100 %, 1.0 MB/s, 2.0 of 2.0 MB, 1234 rows',
  )
  expect(progressLine(report, { doneBytes: 0, totalBytes: 0 }, 0)).toBe('100 %, 0.0 MB/s, 0.0 of 0.0 MB, 1234 rows')
})

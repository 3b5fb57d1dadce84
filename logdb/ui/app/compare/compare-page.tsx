import { comparePath, counted, requestPath, shortId, shownCount } from '../shown.ts'
import type { CompareData, ComparedRequest, DiffRow, LineDiff } from './compare-data.ts'

/** Two requests side by side. */
export function ComparePage({ a, b, figures, asked, answered }: CompareData) {
  return (
    <>
      <div class="title">
        <h1>Compare</h1>
        <a href={comparePath(b.id, a.id)}>Swap sides</a>
      </div>
      <div class="scroll">
        <table class="figures">
          <thead>
            <tr>
              <th scope="col">Figure</th>
              <RequestHead request={a} />
              <RequestHead request={b} />
              <th scope="col">Change</th>
            </tr>
          </thead>
          <tbody>
            {figures.map(({ name, a: one, b: other, change }) => (
              <tr key={name} class={one === other ? undefined : 'differs'}>
                <th scope="row">{name}</th>
                <td>
                  <div class="short">{one}</div>
                </td>
                <td>
                  <div class="short">{other}</div>
                </td>
                <td class="number">{change}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <DiffView title="Asked" diff={asked} requests={[a, b]} />
      <DiffView title="Answered" diff={answered} requests={[a, b]} />
    </>
  )
}

function RequestHead({ request: { id, time } }: { request: ComparedRequest }) {
  return (
    <th scope="col">
      <a href={requestPath(id)}>{shortId(id)}</a> {time}
    </th>
  )
}

function DiffView({ title, diff, requests }: { title: string; diff: LineDiff; requests: readonly ComparedRequest[] }) {
  const { rows, removed, added, isCut } = diff
  const isSame = removed === 0 && added === 0
  return (
    <section class="diff-part">
      <h2>{title}</h2>
      <p class="note">
        {isSame
          ? 'No difference.'
          : `${counted(removed, 'line')} only in the first, ${shownCount(added)} in the second.`}
        {isCut && ` The first ${shownCount(rows.length)} lines are shown.`}
      </p>
      {!isSame && (
        <table class="diff">
          <thead>
            <tr>
              {requests.map(({ id }, side) => (
                <th key={`${side} ${id}`} scope="col">
                  {shortId(id)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, index) => (
              <Row key={index} row={row} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}

function Row({ row }: { row: DiffRow }) {
  if (row.kind === 'skipped') {
    return (
      <tr class="skipped">
        <td colSpan={2}>{counted(row.count, 'line')} the same</td>
      </tr>
    )
  }
  const [one, other] = row.kind === 'same' ? [row.text, row.text] : [row.a, row.b]
  const isChanged = row.kind === 'changed'
  return (
    <tr>
      <Side text={one} mark={isChanged && one !== undefined ? 'removed' : undefined} />
      <Side text={other} mark={isChanged && other !== undefined ? 'added' : undefined} />
    </tr>
  )
}

/** The signs are for people who do not see the colours. */
function Side({ text, mark }: { text: string | undefined; mark: 'removed' | 'added' | undefined }) {
  if (text === undefined) return <td class="missing" />
  return (
    <td class={mark} dir="auto">
      {mark && <span class="sign">{mark === 'removed' ? '− ' : '+ '}</span>}
      {text}
    </td>
  )
}

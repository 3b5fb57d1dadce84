import { Conversation } from './conversation/conversation.tsx'
import type { DialogData, DialogStep } from './page-data.ts'
import { requestPath, shownCount, shownDuration, shownTime } from './shown.ts'

/** The requests of a dialog, each with what it adds. */
export function DialogPage({ id, steps, isCut }: DialogData) {
  return (
    <>
      <h1>Dialog</h1>
      <p class="note">
        {id}: {steps.length} requests{isCut ? ' are shown; there are more' : ''}.
      </p>
      {steps.map((step, index) => (
        <Step key={step.row.id} step={step} number={index + 1} />
      ))}
    </>
  )
}

function Step({ step: { row, continues, turns, tokens }, number }: { step: DialogStep; number: number }) {
  return (
    <section class="step" id={`step-${number}`}>
      <h2>
        <a href={requestPath(row.id)}>
          #{number} {shownTime(row.ts)}
        </a>
      </h2>
      <p class="note">
        {row.model} · {row.status} · {shownDuration(row.latencyMs)} · {shownCount(tokens)} tokens until here
        {continues !== undefined && (
          <>
            {' · continues '}
            <a href={`#step-${continues}`}>#{continues}</a>
          </>
        )}
      </p>
      <Conversation turns={turns} />
    </section>
  )
}

import { Conversation } from './conversation/conversation.tsx'
import type { DialogData, DialogStep } from './page-data.ts'
import { counted, requestPath, shownCost, shownCount, shownDuration, shownTime } from './shown.ts'

/** The requests of a dialog, each with what it adds. */
export function DialogPage({ id, steps, isCut }: DialogData) {
  return (
    <>
      <h1>Dialog</h1>
      <p class="note">
        <bdi>{id}</bdi>: {counted(steps.length, 'request')}
        {isCut ? ' are shown; there are more' : ''}.
      </p>
      {steps.map((step, index) => (
        <Step key={step.row.id} step={step} number={index + 1} />
      ))}
    </>
  )
}

function Step({ step, number }: { step: DialogStep; number: number }) {
  const { row, continues, turns } = step
  return (
    <section class="step" id={`step-${number}`}>
      <h2>
        <a href={requestPath(row.id)}>
          #{number} {shownTime(row.ts)}
        </a>
      </h2>
      <p class="note">
        <bdi>{row.model}</bdi>
        {['', row.status, shownDuration(row.latencyMs), ...spentTexts(step)].join(' · ')}
        {continues !== undefined && (
          <>
            {' · continues '}
            <a href={`#step-${continues}`}>#{continues}</a>
          </>
        )}
      </p>
      <Conversation turns={turns} paths={{ image: (image) => `${requestPath(row.id)}/images/${image}` }} />
    </section>
  )
}

/** What the request took, and all until there. */
function spentTexts({ row: { tokensIn, tokensOut }, cost, until }: DialogStep): string[] {
  const isKnown = tokensIn !== null || tokensOut !== null
  const own = isKnown ? [`${shownCount(tokensIn) || '?'} tokens in, ${shownCount(tokensOut) || '?'} out`] : []
  return [
    ...own,
    ...(cost === null ? [] : [`cost ${shownCost(cost)}`]),
    `${shownCount(until.tokens)} tokens${until.cost === null ? '' : ` and cost ${shownCost(until.cost)}`} until here`,
  ]
}

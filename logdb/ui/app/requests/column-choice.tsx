import { COLUMN_NAMES, type ColumnName, columnOf, DEFAULT_COLUMNS, FIXED_COLUMN } from './columns.tsx'

/** Each column is a link that adds or removes it, so the columns are part of the URL. */
export function ColumnChoice({
  columns,
  columnsPath,
}: {
  columns: readonly ColumnName[]
  columnsPath: (columns: string) => string
}) {
  const pathWith = (name: ColumnName) => {
    const isShown = columns.includes(name)
    const chosen = COLUMN_NAMES.filter((one) => (one === name ? !isShown : columns.includes(one)))
    return columnsPath(chosen.join() === DEFAULT_COLUMNS.join() ? '' : chosen.join())
  }
  return (
    <details class="menu">
      <summary>Columns</summary>
      <ul>
        {COLUMN_NAMES.filter((name) => name !== FIXED_COLUMN).map((name) => (
          <li key={name}>
            <a href={pathWith(name)} aria-current={columns.includes(name)}>
              {columnOf(name).title}
            </a>
          </li>
        ))}
      </ul>
    </details>
  )
}

/** Above this, and below `MIN_PLAIN_EXPONENT`, Python writes floats with an exponent. */
const MAX_PLAIN_EXPONENT = 15
const MIN_PLAIN_EXPONENT = -4
const EXPONENT_DIGITS = 2

/** A float as Python's `json.dumps` writes it: the shortest digits that read back as the same number, `1.0`, `1e-05`. */
export function pythonFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity'
  const sign = value < 0 || Object.is(value, -0) ? '-' : ''
  const [mantissa = '', exponentText = ''] = Math.abs(value).toExponential().split('e')
  const digits = mantissa.replace('.', '')
  const exponent = Number(exponentText)
  if (exponent > MAX_PLAIN_EXPONENT || exponent < MIN_PLAIN_EXPONENT) return sign + scientific(digits, exponent)
  return sign + plain(digits, exponent)
}

function scientific(digits: string, exponent: number): string {
  const mantissa = digits.length > 1 ? `${digits[0]}.${digits.slice(1)}` : digits
  const size = String(Math.abs(exponent)).padStart(EXPONENT_DIGITS, '0')
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${size}`
}

function plain(digits: string, exponent: number): string {
  if (exponent < 0) return `0.${'0'.repeat(-exponent - 1)}${digits}`
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0')
  return `${whole}.${digits.slice(exponent + 1) || '0'}`
}

/** Text of a stranger, fit for a message or a log line: printable ASCII without backticks, at most `limit` characters. */
export function printable(text: string, limit = 120): string {
  const short = text.length > limit ? `${text.slice(0, limit - 3)}...` : text
  return short.replace(/[^\x20-\x7e]|`/g, '?')
}

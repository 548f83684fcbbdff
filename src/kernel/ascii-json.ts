/**
 * JSON text with everything beyond printable ASCII escaped: the value stays the same, and nothing in it steers a terminal
 * or forges a line (hostile 102); what lies below, JSON escapes by itself.
 */
export function toAsciiJson(json: string): string {
  return json.replace(/[\x7f-\uffff]/g, toEscape)
}

function toEscape(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}

const INSIDE_SEGMENT = /^[A-Za-z0-9\-._~%!$&'()+,;:@=*]$/

/** Whether a path of a policy is a URI template. */
export function isTemplate(path: string): boolean {
  return path.includes('{*}') || path.includes('{**}')
}

/** Envoy's URI template: `{*}` one or more characters of a segment, `{**}` any number of them and of slashes. */
export function matchesTemplate(template: string, path: string): boolean {
  if (template === '') return path === ''
  if (template.startsWith('{*}')) {
    return (
      isRun(path[0], false) &&
      (matchesTemplate(template.slice(3), path.slice(1)) || matchesTemplate(template, path.slice(1)))
    )
  }
  if (template.startsWith('{**}')) {
    return (
      matchesTemplate(template.slice(4), path) || (isRun(path[0], true) && matchesTemplate(template, path.slice(1)))
    )
  }
  return template[0] === path[0] && matchesTemplate(template.slice(1), path.slice(1))
}

function isRun(character: string | undefined, slashes: boolean): boolean {
  return character !== undefined && (INSIDE_SEGMENT.test(character) || (slashes && character === '/'))
}

/** Whether `If-None-Match` names the tag: a list or `*`, compared weakly (RFC 9110 §13.1.2). */
export function isKnownTag(etag: string, ifNoneMatch: string | undefined): boolean {
  return tagsOf(ifNoneMatch).some((tag) => tag === '*' || tag.replace(/^W\//, '') === etag)
}

/** The tags of `If-Match` or `If-None-Match`; a weak one keeps its `W/`, so that it equals no strong one. */
export function tagsOf(header: string | undefined): readonly string[] {
  return header === undefined ? [] : header.split(',').map((tag) => tag.trim())
}

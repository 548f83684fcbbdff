import type { Finding } from './explain/explained.ts'

/** A finding with the file that it is about; where a file holds several, which one: `root-cert.pem (2 of 3)`. */
export interface FileFinding extends Finding {
  readonly file: string
}

/** The same finding, said of `file`. */
export function inFile(file: string, finding: Finding): FileFinding {
  return { file, ...finding }
}

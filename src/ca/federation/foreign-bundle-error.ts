/** A bundle that could not be fetched or is none; the message is for administrators and the log. */
export class ForeignBundleError extends Error {
  override name = 'ForeignBundleError'
}

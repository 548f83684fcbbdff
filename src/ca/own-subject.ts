/** Subject of the service's own certificates on the record. */
export const OWN_SUBJECT = 'alcazar serve'

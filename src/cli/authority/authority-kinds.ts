/** Kinds of authorities as the API names them, in the order of trust. */
export const AUTHORITY_KINDS = ['root', 'intermediate', 'jwt'] as const
export type AuthorityKind = (typeof AUTHORITY_KINDS)[number]

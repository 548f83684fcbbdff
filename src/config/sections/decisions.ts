import Type from 'typebox'
import { key } from '../key.ts'
import { path } from '../names.ts'
import { choice, fraction, map, orNull, size } from '../readers.ts'

const NORMALIZATIONS = ['NONE', 'BASE', 'MERGE_SLASHES', 'DECODE_AND_MERGE_SLASHES'] as const

export const mesh = Type.Object(
  {
    pathNormalization: key(choice(...NORMALIZATIONS), {
      default: 'BASE',
      later: true,
      description: 'How paths are normalized before policies see them.',
    }),
    extensionProviders: Type.Array(key(map), {
      default: [],
      later: true,
      description: 'Providers that CUSTOM policies ask.',
    }),
    watch: Type.Array(key(path), {
      default: [],
      later: true,
      description: 'Directories whose resources are applied as they change.',
    }),
  },
  { description: 'Settings of the whole mesh.' },
)

export const decisions = Type.Object(
  {
    reasonHeader: key(choice('off', 'on'), {
      default: 'off',
      later: true,
      description: 'Tell a denied client the reason in a header.',
    }),
    log: Type.Object({
      path: key(orNull(path), { default: null, later: true, description: 'File for the decision log.' }),
      sample: key(fraction, { default: 1, later: true, description: 'Share of decisions that are logged.' }),
      maxSize: key(size, {
        default: '256MiB',
        later: true,
        description: 'Size at which the decision log starts anew.',
      }),
    }),
  },
  { description: 'Decisions for proxies.' },
)

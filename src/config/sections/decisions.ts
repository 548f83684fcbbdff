import Type from 'typebox'
import { PATH_NORMALIZATIONS } from '../../mesh/mesh-settings.ts'
import { headerPattern } from '../header-names.ts'
import { key } from '../key.ts'
import { path } from '../names.ts'
import { choice, fraction, orNull, size, toggle } from '../readers.ts'
import { extensionProviders } from './extension-providers.ts'

export const mesh = Type.Object(
  {
    pathNormalization: key(choice(...PATH_NORMALIZATIONS), {
      default: 'BASE',
      description: "How paths are normalized before policies see them, as Istio's `pathNormalization`.",
    }),
    extensionProviders,
    jwks: Type.Object(
      {
        allowPrivateAddress: key(toggle, {
          default: false,
          description: 'Fetch keys from addresses that are not public, too; by plain http from this host alone.',
        }),
        caFile: key(orNull(path), {
          default: null,
          description:
            'PEM of the authorities that key servers are trusted by, read at each fetch; `null`: the public ones.',
        }),
      },
      { description: 'How the keys of RequestAuthentications are fetched.' },
    ),
    watch: Type.Array(key(path), {
      default: [],
      uniqueItems: true,
      description: 'Directories whose resources are applied as they change, each as one set.',
    }),
  },
  { description: 'Settings of the whole mesh.' },
)

export const decisions = Type.Object(
  {
    reasonHeader: key(choice('off', 'on'), {
      default: 'off',
      description: 'Tell a client that is refused why, in the header `x-alcazar-reason`.',
    }),
    log: Type.Object({
      path: key(orNull(path), {
        default: null,
        description: 'File for the decision log, JSON lines without secrets; `null`: none is written.',
      }),
      sample: key(fraction, { default: 1, description: 'Share of decisions that are logged, refusals too.' }),
      maxSize: key(size, {
        default: '256MiB',
        description: 'Size at which the log is renamed to `<path>.1`, in place of the one before, and starts anew.',
      }),
      redactHeaders: Type.Array(key(headerPattern), {
        default: [],
        uniqueItems: true,
        description: 'Headers whose values are secret, beside those whose name says so: names, `prefix*` or `*suffix`.',
      }),
    }),
  },
  { description: 'Decisions for proxies.' },
)

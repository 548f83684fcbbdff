import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

// In a checkout the types are stripped once and kept: it starts faster and holds 30 MB less. The folder is ours alone,
// not the system's temporary one, since whoever writes it decides what runs.
if (import.meta.url.endsWith('.ts'))
  enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/alcazar', import.meta.url)))

import('./cli/process.ts').then(({ runProcess }) => runProcess())

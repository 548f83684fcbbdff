// Strips the types of src into dist, for the package: Node refuses TypeScript under node_modules. Run by `prepack`.
import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { dirname, join } from 'node:path'

const ROOT = join(import.meta.dirname, '..')
const SRC = join(ROOT, 'src')
const DIST = join(ROOT, 'dist')
/** A relative specifier behind `from`, `import`, `import(` or `new URL(`. */
const SPECIFIER = /(\bfrom\s*|\bimport\s*\(?\s*|\bnew URL\(\s*)(['"])(\.{1,2}\/[^'"]+)\.ts\2/g

const files = await readdir(SRC, { recursive: true, withFileTypes: true })
await rm(DIST, { recursive: true, force: true })
for (const file of files.filter((entry) => entry.isFile())) {
  const from = join(file.parentPath, file.name)
  const to = join(DIST, from.slice(SRC.length))
  await mkdir(dirname(to), { recursive: true })
  if (from.endsWith('.ts')) await writeFile(to.replace(/\.ts$/, '.js'), await toJavaScript(from, to))
  else await cp(from, to)
}

/** The JavaScript of a source; its length and lines stay those of the source, so stack traces stay true. */
async function toJavaScript(from: string, to: string): Promise<string> {
  const plain = stripTypeScriptTypes(await readFile(from, 'utf8'))
  return plain.replace(SPECIFIER, (_whole, before: string, quote: string, path: string) => {
    const source = join(dirname(from), `${path}.ts`)
    if (!existsSync(source)) throw new Error(`${to}: ${path}.ts is not there`)
    return `${before}${quote}${path}.js${quote}`
  })
}

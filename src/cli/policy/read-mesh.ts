import { WrittenMeshSchema } from '../../decide/written-body.ts'
import type { WrittenMesh } from '../../decide/written-mesh.ts'
import { AppError } from '../../kernel/errors.ts'
import type { MeshSettings } from '../../mesh/mesh-settings.ts'
import { CommandError } from '../command-error.ts'
import { readDocumentFiles } from '../read-document-files.ts'
import { toReader } from './read-value.ts'

/** Istio's defaults, which are ours as well. */
export const DEFAULT_MESH: MeshSettings = {
  rootNamespace: 'istio-system',
  trustDomain: 'cluster.local',
  trustDomainAliases: [],
  pathNormalization: 'BASE',
  extensionProviders: [],
}

const readMesh = toReader(WrittenMeshSchema)

/** The settings of the mesh that a file holds, in the form that `POST /v1/decisions` takes; throws `usage`. */
export async function readMeshFile(file: string): Promise<WrittenMesh> {
  const [document, ...more] = await readDocumentFiles([file])
  if (document === undefined || more.length > 0) {
    throw CommandError.of('usage', `\`${file}\` must hold one document with settings of the mesh`)
  }
  try {
    return readMesh(document.value)
  } catch (error) {
    if (error instanceof AppError) throw CommandError.of('usage', `\`${file}\`: ${error.message}`, error)
    throw error
  }
}

import { openProcessIo } from './cli/io.ts'
import { runCommandLine } from './cli/run.ts'

runCommandLine(process.argv.slice(2), openProcessIo()).then((exitCode) => {
  process.exitCode = exitCode
})

import { runProcess } from './cli/process.ts'

void runProcess()

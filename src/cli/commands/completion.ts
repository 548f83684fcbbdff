import { Argument, type Command } from 'commander'
import type { Io } from '../io.ts'

/** `completion bash|zsh`: a script generated from the very tree that parses the command line. */
export function addCompletionCommand(program: Command, io: Io): void {
  program
    .command('completion')
    .description('print a completion script: source <(alcazar completion bash)')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh']))
    .action(async (shell: 'bash' | 'zsh') => {
      const { toBashScript, toZshScript } = await import('../completion-script.ts')
      io.stdout.write(shell === 'bash' ? toBashScript(program) : toZshScript(program))
    })
}

import { Argument, type Command } from 'commander'
import { bashScript } from './bash.ts'
import { fishScript } from './fish.ts'
import { type CommandWords, commandWords } from './words.ts'
import { zshScript } from './zsh.ts'

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } satisfies Record<
  string,
  (program: string, all: CommandWords[]) => string
>

type Shell = keyof typeof SCRIPTS

/** Adds `completion <shell>`, which prints a script made from the commands and options that the program has by then. */
export function addCompletion(program: Command, out: (text: string) => void): Command {
  return program
    .command('completion')
    .description('Print a script that completes commands and options in your shell')
    .addArgument(new Argument('<shell>', 'your shell').choices(Object.keys(SCRIPTS)))
    .addHelpText(
      'after',
      `
Examples:
  source <(${program.name()} completion bash)     # in ~/.bashrc
  source <(${program.name()} completion zsh)      # in ~/.zshrc, after compinit
  ${program.name()} completion fish > ~/.config/fish/completions/${program.name()}.fish`,
    )
    .action((shell: Shell) => out(SCRIPTS[shell](program.name(), commandWords(program))))
}

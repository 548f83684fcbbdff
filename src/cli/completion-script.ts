import type { Argument, Command, Option } from 'commander'

/** What may stand where a value stands. */
type Values = readonly string[] | 'files' | 'anything'

/** One command as the shell sees it; `path` is ` token create`, with a space before each word and empty for the program. */
interface Node {
  readonly path: string
  readonly subcommands: readonly string[]
  readonly options: readonly string[]
  readonly argument: Values
}

/** What stands behind an option, for the command line that ends in `pattern`. */
interface OptionValue {
  readonly pattern: string
  readonly values: Values
}

interface Tree {
  readonly nodes: readonly Node[]
  readonly optionValues: readonly OptionValue[]
  /** All options that take a value, as a case pattern. */
  readonly valued: string
  /** All paths but the empty one, as a case pattern. */
  readonly paths: string
}

/** The completion script for bash 3.2 and later. */
export function toBashScript(program: Command): string {
  const tree = toTree(program)
  const complete = (values: Values) => {
    if (values === 'anything') return 'return'
    return values === 'files' ? '_alcazar_files' : `_alcazar_words '${values.join(' ')}'`
  }
  return `# bash completion for alcazar; load it with: source <(alcazar completion bash)
_alcazar_words() {
  COMPREPLY=($(compgen -W "$1" -- "$cur"))
}
_alcazar_files() {
  local file
  while IFS= read -r file; do COMPREPLY+=("$file"); done < <(compgen -f -- "$cur")
  compopt -o filenames 2>/dev/null
}
_alcazar() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" at='' word i=1
  COMPREPLY=()
  # bash splits --output=json at its equals sign
  if [[ "$cur" == '=' ]]; then cur=''; elif [[ "$prev" == '=' ]]; then prev="\${COMP_WORDS[COMP_CWORD-2]}"; fi
  while ((i < COMP_CWORD)); do
    word="\${COMP_WORDS[i]}"
    case "$word" in
      ${tree.valued}) i=$((i + 1)); [[ "\${COMP_WORDS[i]}" == '=' ]] && i=$((i + 1)) ;;
      -*) ;;
      *) case "$at $word" in ${tree.paths}) at="$at $word" ;; esac ;;
    esac
    i=$((i + 1))
  done
${toCases(tree, complete)}
}
complete -F _alcazar alcazar
`
}

/** The completion script for zsh. */
export function toZshScript(program: Command): string {
  const tree = toTree(program)
  const complete = (values: Values) => {
    if (values === 'anything') return 'return'
    return values === 'files' ? '_files' : `compadd -- ${values.join(' ')}`
  }
  return `#compdef alcazar
# zsh completion for alcazar; load it with: source <(alcazar completion zsh)
_alcazar() {
  local cur="$words[CURRENT]" prev="$words[CURRENT-1]" at='' word
  local -i i=2
  if [[ "$cur" == --*=* ]]; then prev="\${cur%%=*}"; compset -P '*='; fi
  while ((i < CURRENT)); do
    word="$words[i]"
    case "$word" in
      ${tree.valued}) i=$((i + 1)) ;;
      -*) ;;
      *) case "$at $word" in ${tree.paths}) at="$at $word" ;; esac ;;
    esac
    i=$((i + 1))
  done
${toCases(tree, complete)}
}
if [[ "$funcstack[1]" == _alcazar ]]; then _alcazar "$@"; else compdef _alcazar alcazar; fi
`
}

function toCases(tree: Tree, complete: (values: Values) => string): string {
  const values = tree.optionValues.map(({ pattern, values }) => `    ${pattern}) ${complete(values)}; return ;;`)
  const words = tree.nodes.map((node) => {
    const plain = complete(node.subcommands.length > 0 ? node.subcommands : node.argument)
    return `    '${node.path}') case "$cur" in -*) ${complete(node.options)} ;; *) ${plain} ;; esac ;;`
  })
  return `  case "$at $prev" in
${values.join('\n')}
  esac
  case "$at" in
${words.join('\n')}
  esac`
}

function toTree(program: Command): Tree {
  const nodes: Node[] = []
  const optionValues: OptionValue[] = []
  const globals = visibleOptions(program)
  const visit = (command: Command, path: string) => {
    const own = command === program ? [] : visibleOptions(command)
    for (const option of own)
      if (takesValue(option)) optionValues.push({ pattern: `'${path} ${option.long}'`, values: toValues(option) })
    nodes.push(toNode(command, path, [...own, ...globals]))
    for (const child of command.commands) visit(child, `${path} ${child.name()}`)
  }
  visit(program, '')
  for (const option of globals.filter(takesValue))
    optionValues.push({ pattern: `*' ${option.long}'`, values: toValues(option) })
  const valued = new Set(optionValues.map(({ pattern }) => pattern.replace(/^.* (--[a-z-]+)'$/, '$1')))
  const paths = nodes.filter(({ path }) => path !== '').map(({ path }) => `'${path}'`)
  return { nodes, optionValues, valued: [...valued].join('|'), paths: paths.join('|') }
}

function toNode(command: Command, path: string, options: readonly Option[]): Node {
  const [argument] = command.registeredArguments
  return {
    path,
    subcommands: command.commands.map((child) => child.name()),
    options: [...options.map(({ long }) => long ?? ''), '--help'],
    argument: argument === undefined ? 'anything' : toValues(argument),
  }
}

function visibleOptions(command: Command): readonly Option[] {
  return command.options.filter(({ hidden, long }) => !hidden && long !== undefined)
}

function takesValue(option: Option): boolean {
  return option.required || option.optional
}

/** From the declared choices, else from the placeholder: `<file>`, `<dir>`, `<socket|url>`. */
function toValues(declared: Option | Argument): Values {
  if (declared.argChoices !== undefined) return declared.argChoices
  const placeholder = 'flags' in declared ? declared.flags : declared.name()
  return /\b(file|dir|socket)\b/.test(placeholder) ? 'files' : 'anything'
}

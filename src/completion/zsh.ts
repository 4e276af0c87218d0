// The completion script for zsh: as a file `_rolekeeper` in a directory of fpath, or read by .zshrc after compinit.

import { type CompletedCommand, type CompletedOption, commandTable, everywhere } from './command-table.ts';

export function zshScript(): string {
  return `#compdef rolekeeper
# Completes rolekeeper's command line in zsh. Made by \`rolekeeper completion zsh\`.

_rolekeeper() {
  local curcontext=$curcontext state line rolekeeper_program=\${(Q)words[1]}
  typeset -A opt_args
  _arguments -C ${everywhere.map(optionSpec).join(' ')} '1:command:->command' '*::argument:->argument'
  case $state in
    command)
      local -a commands=(
${commandTable.map(({ name, says }) => `        ${quoted(`${name}:${says}`)}\n`).join('')}      )
      _describe -t commands command commands
      ;;
    argument)
      case $words[1] in
${commandTable.map(commandCase).join('')}      esac
      ;;
  esac
}

_rolekeeper_profiles() {
  local -a names=(\${(f)"$("$rolekeeper_program" __profiles 2>/dev/null </dev/null)"})
  _wanted profiles expl profile compadd -a names
}

if [[ \${funcstack[1]-} == _rolekeeper ]]; then
  _rolekeeper "$@"
elif (( $+functions[compdef] )); then
  compdef _rolekeeper rolekeeper
fi
`;
}

function commandCase({ name, takes, options }: CompletedCommand): string {
  const specs = [...options, ...everywhere].map(optionSpec).join(' ');
  const line = `          _arguments ${specs}${positionals(takes)}\n          ;;\n`;
  if (takes !== 'program') return `        ${name})\n${line}`;
  // What comes after the dashes is a command line of its own.
  return `        ${name})
          local -i dashes=\${words[(I)--]}
          if (( dashes > 0 && CURRENT > dashes )); then
            shift $dashes words
            (( CURRENT -= dashes ))
            _normal
            return
          fi
${line}`;
}

function positionals(takes: CompletedCommand['takes']): string {
  switch (takes) {
    case 'nothing':
      return '';
    case 'profile':
    case 'program':
      return " '1:profile:_rolekeeper_profiles'";
    case 'profiles':
      return " '*:profile:_rolekeeper_profiles'";
    default:
      return ` '1:word:(${takes.join(' ')})'`;
  }
}

function optionSpec({ name, says, value }: CompletedOption): string {
  const text = `--${name}[${says.replace(/[[\]:\\]/g, '\\$&')}]`;
  if (value === 'nothing') return quoted(text);
  return quoted(value === 'text' ? `${text}:${name}: ` : `${text}:${name}:(${value.join(' ')})`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

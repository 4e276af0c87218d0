// The completion script for bash, 3.2 (macOS) and later. Needs no package: it is read at once, and runs a program only for profiles.

import { type CompletedCommand, type CompletedOption, commandTable, everywhere } from './command-table.ts';

export function bashScript(): string {
  const takingProfiles = commandTable.filter(({ takes }) => takes === 'profile' || takes === 'program');
  return `# Completes rolekeeper's command line in bash. Made by \`rolekeeper completion bash\`.

_rolekeeper() {
  # bash breaks words at \`:\` and \`=\`, which a profile's name may hold: pieces without a blank between them are one word again.
  COMPREPLY=()
  local words=() count=0 piece rest=$COMP_LINE cursor=$COMP_CWORD
  for piece in "\${COMP_WORDS[@]:0:cursor+1}"; do
    if [[ $count -eq 0 || $rest == [[:space:]]* ]]; then
      words[count]=$piece
      count=$((count + 1))
    else
      words[count - 1]+=$piece
    fi
    rest=\${rest#"\${rest%%[![:space:]]*}"}
    rest=\${rest#"$piece"}
  done
  local current=\${words[count - 1]} previous='' command='' given=0 at word skips=''
  [[ $count -ge 2 ]] && previous=\${words[count - 2]}
  for ((at = 1; at < count - 1; at++)); do
    word=\${words[at]}
    if [[ -n $skips ]]; then
      skips=''
    elif [[ $word == -- && $command == exec ]]; then
      _rolekeeper_program "$at" "$count"
      return
    elif [[ $word == -* ]]; then
      case $word in ${valued().join('|')}) skips=1 ;; esac
    elif [[ -z $command ]]; then
      command=$word
    else
      given=$((given + 1))
    fi
  done
  case $previous in
${choiceCases()}    ${withText().join('|')}) return ;;
  esac
  if [[ $current == -* ]]; then
    case $command in
${commandTable.map(({ name, options }) => `      ${name}) _rolekeeper_offer "$current" ${words(options)} ;;\n`).join('')}      *) _rolekeeper_offer "$current" ${words([])} ;;
    esac
    return
  fi
  case $command in
    '') _rolekeeper_offer "$current" ${commandTable.map(({ name }) => name).join(' ')} ;;
    ${takingProfiles.map(({ name }) => name).join('|')}) [[ $given -eq 0 ]] && _rolekeeper_profiles "$current" "\${words[0]}" ;;
    ${namesThatTake('profiles').join('|')}) _rolekeeper_profiles "$current" "\${words[0]}" ;;
${wordCases()}  esac
}

_rolekeeper_offer() {
  local current=$1 word
  shift
  for word in "$@"; do
    [[ $word == "$current"* ]] && COMPREPLY+=("$word")
  done
}

_rolekeeper_profiles() {
  local raw=$1 typed='' quote='' opened=0 broken=0 at char name
  for ((at = 0; at < \${#raw}; at++)); do
    char=\${raw:at:1}
    if [[ $char == "$quote" ]]; then
      quote=''
    elif [[ $char == \\\\ && $quote != "'" ]]; then
      at=$((at + 1))
      [[ $quote == '"' && \${raw:at:1} == [!\\"\\\\\\$\\\`] ]] && typed+=$char
      typed+=\${raw:at:1}
    elif [[ -z $quote && $char == [\\"\\'] ]]; then
      quote=$char
      opened=\${#typed}
    elif [[ -z $quote && $COMP_WORDBREAKS == *"$char"* ]]; then
      # readline counts an \`@\` to what comes after it.
      [[ $char == @ ]] && broken=\${#typed}
      typed+=$char
      [[ $char == @ ]] || broken=\${#typed}
    else
      typed+=$char
    fi
  done
  # Only what comes after the open quote is replaced; of a word that bash has broken, the last piece.
  [[ -n $quote ]] && broken=$opened
  while IFS= read -r name; do
    [[ $name == "$typed"* ]] && COMPREPLY+=("$(_rolekeeper_quoted "\${name:broken}" "$quote")")
  done < <("$2" __profiles 2>/dev/null </dev/null)
}

# A name may come from somebody else's file: nothing of it may end the quotes that it stands in, or be expanded there.
_rolekeeper_quoted() {
  local quote=$2 at char
  if [[ -z $quote ]]; then
    printf '%q' "$1"
    return
  fi
  for ((at = 0; at < \${#1}; at++)); do
    char=\${1:at:1}
    case $quote$char in
      \\"[\\"\\\\\\$\\\`]) printf '\\\\%s' "$char" ;;
      '"!') printf '%s' "\\"'!'\\"" ;;
      "''") printf '%s' "'\\\\''" ;;
      *) printf '%s' "$char" ;;
    esac
  done
}

# After \`exec PROFILE --\`: the program, then files.
_rolekeeper_program() {
  local name
  if [[ $(($1 + 2)) -eq $2 ]]; then
    while IFS= read -r name; do COMPREPLY+=("$name"); done < <(compgen -c -- "\${COMP_WORDS[COMP_CWORD]}")
  else
    while IFS= read -r name; do COMPREPLY+=("$name"); done < <(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}")
    type compopt >/dev/null 2>&1 && compopt -o filenames 2>/dev/null
  fi
}

complete -F _rolekeeper rolekeeper
`;
}

function words(options: readonly CompletedOption[]): string {
  return [...options, ...everywhere].map(({ name }) => `--${name}`).join(' ');
}

function allOptions(): readonly CompletedOption[] {
  return [...everywhere, ...commandTable.flatMap(({ options }) => options)];
}

/** Options that another word belongs to. */
function valued(): readonly string[] {
  return [...new Set(allOptions().flatMap(({ name, value }) => (value === 'nothing' ? [] : [`--${name}`])))];
}

function withText(): readonly string[] {
  return [...new Set(allOptions().flatMap(({ name, value }) => (value === 'text' ? [`--${name}`] : [])))];
}

function choiceCases(): string {
  return allOptions()
    .flatMap(({ name, value }) =>
      typeof value === 'string'
        ? []
        : [`    --${name})\n      _rolekeeper_offer "$current" ${value.join(' ')}\n      return\n      ;;\n`],
    )
    .join('');
}

function wordCases(): string {
  return commandTable
    .flatMap(({ name, takes }) =>
      typeof takes === 'string'
        ? []
        : [`    ${name}) [[ $given -eq 0 ]] && _rolekeeper_offer "$current" ${takes.join(' ')} ;;\n`],
    )
    .join('');
}

function namesThatTake(what: CompletedCommand['takes']): readonly string[] {
  return commandTable.filter(({ takes }) => takes === what).map(({ name }) => name);
}

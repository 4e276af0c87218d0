// The completion script for fish: as a file in its completions directory, or read by config.fish.

import { type CompletedCommand, type CompletedOption, commandTable, everywhere } from './command-table.ts';

export function fishScript(): string {
  return `# Completes rolekeeper's command line in fish. Made by \`rolekeeper completion fish\`.

# The words before the cursor that are no options and no values of options.
function __rolekeeper_words
    set -l words (commandline -opc)
    set -l skips 0
    for word in $words[2..-1]
        if test $skips = 1
            set skips 0
        else if contains -- $word ${valued().join(' ')}
            set skips 1
        else if not string match -q -- '-*' $word
            echo $word
        end
    end
end

# True after COMMAND and so many more words.
function __rolekeeper_at
    set -l words (__rolekeeper_words)
    test "$words[1]" = $argv[1]; and test (count $words) -eq (math $argv[2] + 1)
end

function __rolekeeper_in
    set -l words (__rolekeeper_words)
    test "$words[1]" = $argv[1]; and not __rolekeeper_after_dashes
end

function __rolekeeper_after_dashes
    set -l words (commandline -opc)
    contains -- -- $words
end

function __rolekeeper_profiles
    set -l words (commandline -opc)
    command $words[1] __profiles 2>/dev/null </dev/null
end

complete -c rolekeeper -f
complete -c rolekeeper -n 'test (count (__rolekeeper_words)) -eq 0' -l ${everywhere.map(optionText).join("\ncomplete -c rolekeeper -n 'test (count (__rolekeeper_words)) -eq 0' -l ")}
${commandTable.map(commandLines).join('')}`;
}

function commandLines({ name, says, takes, options }: CompletedCommand): string {
  const lines = [
    `-n 'test (count (__rolekeeper_words)) -eq 0' -a ${name} -d ${quoted(says)}`,
    ...argumentLines(name, takes),
    ...[...options, ...everywhere].map((option) => `-n '__rolekeeper_in ${name}' -l ${optionText(option)}`),
  ];
  return lines.map((line) => `complete -c rolekeeper ${line}\n`).join('');
}

function argumentLines(name: string, takes: CompletedCommand['takes']): readonly string[] {
  switch (takes) {
    case 'nothing':
      return [];
    case 'profile':
      return [`-n '__rolekeeper_at ${name} 0' -a '(__rolekeeper_profiles)' -d profile`];
    case 'profiles':
      return [`-n '__rolekeeper_in ${name}' -a '(__rolekeeper_profiles)' -d profile`];
    case 'program':
      return [
        `-n '__rolekeeper_at ${name} 0' -a '(__rolekeeper_profiles)' -d profile`,
        // rolekeeper exec PROFILE --
        `-n '__rolekeeper_after_dashes' -x -a '(__fish_complete_subcommand --fcs-skip=4)'`,
      ];
    default:
      return [`-n '__rolekeeper_at ${name} 0' -a '${takes.join(' ')}'`];
  }
}

function optionText({ name, says, value }: CompletedOption): string {
  const text = `${name} -d ${quoted(says)}`;
  if (value === 'nothing') return text;
  return value === 'text' ? `${text} -x` : `${text} -x -a '${value.join(' ')}'`;
}

function valued(): readonly string[] {
  const all = commandTable.flatMap(({ options }) => options);
  return [...new Set(all.flatMap(({ name, value }) => (value === 'nothing' ? [] : [`--${name}`])))];
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

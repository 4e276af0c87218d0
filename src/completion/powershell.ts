// The completion script for PowerShell 5 and 7, read by $PROFILE. Not run on one yet.

import { type CompletedCommand, type CompletedOption, commandTable, everywhere } from './command-table.ts';

export function powershellScript(): string {
  return `# Completes rolekeeper's command line in PowerShell. Made by \`rolekeeper completion powershell\`.

Register-ArgumentCompleter -Native -CommandName rolekeeper -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $commands = [ordered]@{
${commandTable.map(({ name, says }) => `    ${quoted(name)} = ${quoted(says)}\n`).join('')}  }
  $options = @{
    '' = @(${list(everywhere.map(optionName))})
${commandTable.map(({ name, options }) => `    ${quoted(name)} = @(${list([...options, ...everywhere].map(optionName))})\n`).join('')}  }
  $choices = @{
${choices()
  .map(([name, words]) => `    ${quoted(name)} = @(${list(words)})\n`)
  .join('')}  }
  $valued = @(${list(valued())})
  $takesProfile = @(${list(namesThatTake('profile', 'program'))})
  $takesProfiles = @(${list(namesThatTake('profiles'))})

  $program = $commandAst.CommandElements[0].Extent.Text
  $before = @($commandAst.CommandElements | Select-Object -Skip 1 |
    Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { $_.Extent.Text })
  $command = ''
  $given = 0
  $skips = $false
  foreach ($word in $before) {
    if ($skips) { $skips = $false }
    elseif ($word -eq '--') { return }
    elseif ($word.StartsWith('-')) { $skips = $valued -contains $word }
    elseif ($command -eq '') { $command = $word }
    else { $given++ }
  }
  $offered = @()
  if ($skips) { $offered = @($choices[$before[-1]]) }
  elseif ($wordToComplete.StartsWith('-')) { $offered = @($options[$command]) }
  elseif ($command -eq '') { $offered = @($commands.Keys) }
  elseif ($choices.ContainsKey($command) -and $given -eq 0) { $offered = @($choices[$command]) }
  elseif (($takesProfiles -contains $command) -or (($takesProfile -contains $command) -and $given -eq 0)) {
    $offered = @(& $program __profiles 2>$null)
  }
  $offered | Where-Object { $_ -and $_.StartsWith($wordToComplete) } | ForEach-Object {
    $says = if ($command -eq '' -and $commands.Contains($_)) { $commands[$_] } else { $_ }
    # PowerShell takes the curly ones for quotes as well.
    $text = if ($_ -match '^[\\w\\-./+@:=,]+$') { $_ } else { "'" + ($_ -replace '[\\u0027\\u2018-\\u201B]', '$&$&') + "'" }
    [System.Management.Automation.CompletionResult]::new($text, $_, 'ParameterValue', $says)
  }
}
`;
}

function optionName({ name }: CompletedOption): string {
  return `--${name}`;
}

function choices(): readonly (readonly [name: string, words: readonly string[]])[] {
  const ofOptions = commandTable.flatMap(({ options }) =>
    options.flatMap((option) => (typeof option.value === 'string' ? [] : [[optionName(option), option.value] as const])),
  );
  const ofCommands = commandTable.flatMap(({ name, takes }) => (typeof takes === 'string' ? [] : [[name, takes] as const]));
  return [...ofOptions, ...ofCommands];
}

function valued(): readonly string[] {
  const all = commandTable.flatMap(({ options }) => options);
  return [...new Set(all.filter(({ value }) => value !== 'nothing').map(optionName))];
}

function namesThatTake(...what: readonly CompletedCommand['takes'][]): readonly string[] {
  return commandTable.filter(({ takes }) => what.includes(takes)).map(({ name }) => name);
}

function list(words: readonly string[]): string {
  return words.map(quoted).join(', ');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

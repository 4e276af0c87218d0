// What yargs objects to, in words for a person in a hurry: what was typed, what was probably meant, where the help is.
// Loaded only when the arguments make no sense.

import { type CompletedCommand, commandTable } from '../completion/command-table.ts';
import { nearestName } from '../config/nearest-name.ts';
import { shellWord } from '../shell-word.ts';

export interface UsageProblem {
  readonly problem: string;
  readonly hint?: string;
}

/** `message`: yargs' own. `argv`: as it was typed. */
export function inPlainWords(message: string, argv: readonly string[]): UsageProblem {
  const [command = '', ...words] = argv.filter((word) => word !== '--debug');
  const known = commandTable.find(({ name }) => name === command);
  const hint = known === undefined ? {} : { hint: `run \`rolekeeper ${command} --help\`` };
  if (command === 'exec' && !words.includes('--'))
    return { problem: 'exec needs `--` between the profile and the program', ...hint };
  const unknown = /^Unknown (?:argument|command)s?: (.*)$/.exec(message)?.[1]?.split(', ');
  if (unknown !== undefined && known === undefined && !command.startsWith('-'))
    return {
      problem: withMeant(
        `there is no command ${JSON.stringify(command)}`,
        command,
        commandTable.map(({ name }) => name),
      ),
    };
  if (unknown !== undefined) return { problem: unknownWords(unknown, argv, command), ...hint };
  if (message.startsWith('Not enough non-option arguments')) return { ...hint, ...missingWord(known, words) };
  const [, option, given, choices] =
    /^Invalid values: Argument: (\S+), Given: "(.*)", Choices: (.*)$/.exec(oneLine(message)) ?? [];
  if (option === undefined || given === undefined) return { problem: oneLine(message), ...hint };
  const allowed = [...(choices ?? '').matchAll(/"([^"]*)"/g)].map(([, choice = '']) => choice);
  return { problem: withMeant(`there is no ${option} ${JSON.stringify(given)}`, given, allowed), ...hint };
}

function oneLine(text: string): string {
  return text.trim().replace(/\s+/g, ' ');
}

/** `there is no X; did you mean Y?`, or which there are. */
function withMeant(problem: string, given: string, allowed: readonly string[]): string {
  const nearest = nearestName(given, allowed);
  if (nearest !== undefined) return `${problem}; did you mean "${nearest}"?`;
  return allowed.length > 8 ? problem : `${problem}; say one of: ${allowed.join(', ')}`;
}

/** As they were typed: yargs takes the dashes off an option, and says it in camel case as well. */
function unknownWords(unknown: readonly string[], argv: readonly string[], command: string): string {
  const typed = argv.filter((word) => unknown.some((name) => word === name || /^--?([^=]+)/.exec(word)?.[1] === name));
  const first = typed[0]?.replace(/=.*$/s, '') ?? unknown[0] ?? '';
  if (!first.startsWith('-')) return `${command}: what is ${JSON.stringify(first)}?`;
  return command.startsWith('-') ? `there is no option ${first}` : `${command} has no option ${first}`;
}

/** A profile is a plain word; who says `--profile dev`, as to the AWS CLI, is shown the word. */
function missingWord(known: CompletedCommand | undefined, words: readonly string[]): UsageProblem {
  if (known === undefined) return { problem: 'say what to do' };
  const { name, takes } = known;
  if (typeof takes !== 'string') return { problem: `${name}: say which: ${takes.join(', ')}` };
  return { problem: `${name}: the name of a profile is missing`, ...profileHint(name, words) };
}

function profileHint(command: string, words: readonly string[]): Pick<UsageProblem, 'hint'> {
  const at = words.findIndex((word) => word === '--profile' || word.startsWith('--profile='));
  const profile = words[at]?.split('=')[1] ?? words[at + 1];
  return at === -1 || profile === undefined
    ? {}
    : { hint: `say it without \`--profile\`, as in \`rolekeeper ${command} ${shellWord(profile)}\`` };
}

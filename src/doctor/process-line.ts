// Judges a credential_process line: how it is written, and what came of running it as the clients do. Pure; never repeats an answer.

import type { LineRun } from '../ports/inspector.ts';
import { editCommand, type Finding } from './finding.ts';

export interface ProcessLine {
  readonly profile: string;
  readonly line: string;
  readonly place: { readonly path: string; readonly line: number };
  /** What the line should be. */
  readonly right: string;
}

/** The strictest client waits 5 s (sdk-contract.md 9). */
export const lineDeadlineMs = 4_000;
/** Java's limit. */
export const lineOutputLimit = 64_000;

/** What is wrong before anything is run; a line that is wrong here need not be run. */
export function checkLineText({ profile, line, place, right }: ProcessLine): readonly Finding[] {
  const problem = textProblem(line);
  if (problem === undefined) return [];
  const mend = `${editCommand(place)}    # credential_process = ${right}`;
  return [
    { check: 'process-line', profile, what: `the credential_process of "${profile}" ${problem.what}`, why: problem.why, mend },
  ];
}

/** At most one finding: the first way that fails tells. */
export function checkLineRuns(given: ProcessLine, runs: readonly LineRun[]): readonly Finding[] {
  const { profile, place, right } = given;
  for (const run of runs) {
    const problem = runProblem(run, given);
    if (problem === undefined) continue;
    const mend = problem.mend ?? `${editCommand(place)}    # credential_process = ${right}`;
    const clients = run.way === 'shlex' ? 'the AWS CLI and boto3' : 'the SDKs of Go, JavaScript, Java and Rust';
    const what = `the credential_process of "${profile}", as ${clients} run it, ${problem.what}`;
    return [{ check: 'process-line', profile, what, why: problem.why, mend }];
  }
  return [];
}

/** The profiles that wait for one login become one finding. */
export function mergeLogins(findings: readonly Finding[]): readonly Finding[] {
  const isLogin = ({ mend }: Finding) => mend.startsWith('rolekeeper login ');
  return findings.flatMap((finding, index) => {
    const same = isLogin(finding) ? findings.filter(({ mend }) => mend === finding.mend) : [finding];
    if (same.length === 1) return [finding];
    if (findings.findIndex(({ mend }) => mend === finding.mend) !== index) return [];
    const names = same.map(({ profile }) => profile ?? '').join(', ');
    const { check, why, mend } = finding;
    return [{ check, what: `${same.length} profiles wait for a login: ${names}`, why, mend }];
  });
}

interface Problem {
  readonly what: string;
  readonly why: string;
  readonly mend?: string;
}

function textProblem(line: string): Problem | undefined {
  const [program = ''] = line.trim().split(/\s+/);
  const odd = /[~$;#&*|<>`]/.exec(line)?.[0];
  if (odd !== undefined) {
    return {
      what: `has the character ${odd}`,
      why: 'boto3 passes it on as it is, a shell acts on it: the two run different things',
    };
  }
  if (/^(["']).*\1$/.test(line))
    return { what: 'begins and ends with a quote', why: 'Terraform takes both away and runs the rest' };
  if (!/^["']?(?:\/|[A-Za-z]:[\\/])/.test(program)) {
    const why = 'services, IDEs and cron have another PATH and another directory, and do not find it';
    return { what: 'is no absolute path', why };
  }
  return undefined;
}

function runProblem(run: LineRun, { profile }: ProcessLine): Problem | undefined {
  const noAnswer = 'clients get no credentials from it';
  switch (run.end) {
    case 'not-started':
      return { what: 'cannot be started', why: `its program is not there: ${noAnswer}` };
    case 'too-late':
      return {
        what: `takes more than ${lineDeadlineMs / 1000} s`,
        why: 'the SDK of Rust and the JetBrains tools give up after 5 s',
      };
    case 'too-much':
      return { what: `prints more than ${lineOutputLimit} bytes`, why: 'the SDK of Java takes no more' };
    case 'exited':
      return run.status === 0 ? answerProblem(run) : failure(run, profile);
    default:
      return run.end satisfies never;
  }
}

/** rolekeeper's own two lines, what and hint; a shell's for a program that is gone. */
function failure({ status, stderr }: LineRun, profile: string): Problem {
  const lines = stderr.split('\n').filter((line) => line !== '');
  const said = (lines[0] ?? '').replace(/^rolekeeper: /, '').slice(0, 300);
  const command = /^rolekeeper: hint: .*`(rolekeeper [^`]+)`/m.exec(stderr)?.[1];
  const why = `clients get no credentials from it${said === '' ? '' : `: ${said}`}`;
  if (status === 126 || status === 127) return { what: `ends with status ${status}: no such program`, why };
  return { what: `ends with status ${status ?? 'none'}`, why, mend: command ?? `rolekeeper explain ${profile}` };
}

function answerProblem({ stdout, stderr }: LineRun): Problem | undefined {
  if (stderr !== '')
    return { what: 'writes to stderr though it works', why: 'the SDK of C++ reads that as a part of the answer' };
  return isAnswer(stdout)
    ? undefined
    : { what: 'prints something else than credentials', why: 'clients refuse it, and Go shows it whole' };
}

/** `Version` 1, both keys, and of temporary credentials an end in UTC (sdk-contract.md 1 and 2). */
function isAnswer(stdout: string): boolean {
  const answer = parsed(stdout);
  if (typeof answer !== 'object' || answer === null) return false;
  const fields = new Map<string, unknown>(Object.entries(answer));
  const isText = (key: string) => typeof fields.get(key) === 'string';
  const hasEnd = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(String(fields.get('Expiration')));
  return (
    fields.get('Version') === 1 && isText('AccessKeyId') && isText('SecretAccessKey') && (hasEnd || !fields.has('SessionToken'))
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined; // no document is what is being looked for
    throw error;
  }
}

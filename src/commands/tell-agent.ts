// Our own commands' way to the agent. An agent that does not answer is no failure of theirs.

import process from 'node:process';
import { type Conversation, converse } from '../agent/client.ts';
import { type AgentStatus, parseAgentStatus } from '../agent/status.ts';
import { callerVariable, notesItself, variablesToSend } from '../agent/wire.ts';
import type { Secret } from '../credentials/secret.ts';
import { AppError } from '../errors.ts';
import type { Wiring } from '../wiring.ts';

/** As the front waits for it (decisions.md 2). */
const acknowledgeWaitMs = 300;
const answerWaitMs = 3_000;
/** A shell waits at each line: as the front does (src/front/front.c). */
const promptWaitMs = 100;
/** Where a person waits for just this. */
const patientWaitMs = 3_000;

/** After a command changed what the store or the files hold: the agent must not answer from before. Waits until it has heard. */
export async function tellAgentToForget(wiring: Wiring): Promise<void> {
  await ask('forget', wiring);
}

/** After a command stored later credentials than the agent may have. With a locked store, those that it has are all there is. */
export async function tellAgentToDoubt(wiring: Wiring): Promise<void> {
  await ask('doubt', wiring);
}

export async function tellAgentToStop(wiring: Wiring): Promise<void> {
  await ask('stop', wiring);
}

/** The agent keeps the identity of the store that this process means, if it is that store's. */
export async function tellAgentToUnlock(identity: Secret, wiring: Wiring): Promise<Conversation> {
  return await ask('unlock', wiring, { argument: identity.reveal(), acknowledgeWaitMs: patientWaitMs });
}

/** The agent forgets every identity that it was given, and answers with their number. */
export async function tellAgentToLock(wiring: Wiring): Promise<Conversation> {
  return await ask('lock', wiring, { acknowledgeWaitMs: patientWaitMs });
}

/** The document for stdout, of an agent that may be too busy to answer the front in time. Undefined when it gives none. */
export async function documentOfAgent(profile: string, waitMs: number, wiring: Wiring): Promise<Buffer | undefined> {
  const conversation = await ask('get', wiring, { argument: profile, acknowledgeWaitMs: waitMs, answerWaitMs: waitMs });
  const answer = conversation.kind === 'answer' ? conversation.answer : undefined;
  return answer?.kind === 'exit' && answer.status === 0 ? answer.bytes : undefined;
}

/** The piece for a shell's prompt; empty where no agent gives one at once. */
export async function promptOfAgent(profile: string, wiring: Wiring): Promise<string> {
  const conversation = await ask('prompt', wiring, {
    argument: profile,
    acknowledgeWaitMs: promptWaitMs,
    answerWaitMs: promptWaitMs,
  });
  const answer = conversation.kind === 'answer' ? conversation.answer : undefined;
  return answer?.kind === 'exit' && answer.status === 0 ? answer.bytes.toString('utf8') : '';
}

/** Undefined where no agent of this home answers. */
export async function agentStatus(wiring: Wiring): Promise<AgentStatus | undefined> {
  return statusIn(await ask('status', wiring));
}

/** The same for who can wait so long, and wants to know why there is no answer. */
export async function agentStatusWithin(
  waitMs: number,
  wiring: Wiring,
): Promise<AgentStatus | 'nobody' | 'silent' | AppError<'agent-not-mine'>> {
  const conversation = await ask('status', wiring, { acknowledgeWaitMs: waitMs, answerWaitMs: waitMs });
  if (isOfAnotherHome(conversation)) return await notMine(wiring);
  return conversation.kind === 'nobody' ? 'nobody' : (statusIn(conversation) ?? 'silent');
}

/** True where an agent answers that has another home or state directory. */
export async function hasOthersAgent(wiring: Wiring): Promise<boolean> {
  return isOfAnotherHome(await ask('status', wiring));
}

/** The agent says so; it does not know for which verb it was asked by its own. */
export function isOfAnotherHome(conversation: Conversation): boolean {
  const answer = conversation.kind === 'answer' ? conversation.answer : undefined;
  return answer?.kind === 'pass' && answer.reason === 'not-mine';
}

/** For who got no answer: throws `agent-silent` for an agent that lives all the same, `agent-not-mine` for one of another home. */
export async function refuseNoAnswer(wiring: Wiring): Promise<void> {
  await refuseSilentAgent(wiring);
  if (await hasOthersAgent(wiring)) throw await notMine(wiring);
}

/** For who got no answer: throws `agent-silent` where an agent lives all the same, with its process. */
export async function refuseSilentAgent(wiring: Wiring): Promise<void> {
  const lock = await wiring.openLock();
  const outcome = await lock.withLock('agent', { waitMs: 0 }, async () => undefined);
  if (outcome.kind !== 'busy') return;
  const record = (await wiring.openAgentWiring()).readRecord();
  const who = record === undefined ? 'one' : `process ${record.pid}, at ${record.socketPath},`;
  const hint =
    record === undefined ? 'find it: `pgrep -f "agent run"`' : `if it stays so, end it by hand: \`kill -9 ${record.pid}\``;
  throw new AppError('agent-silent', { problem: `${who} lives and does not answer`, hint });
}

async function notMine({ openAgentWiring }: Wiring): Promise<AppError<'agent-not-mine'>> {
  return new AppError('agent-not-mine', { socket: (await openAgentWiring()).socketPath });
}

function statusIn(conversation: Conversation): AgentStatus | undefined {
  const answer = conversation.kind === 'answer' ? conversation.answer : undefined;
  return answer?.kind === 'exit' && answer.status === 0 ? parseAgentStatus(answer.bytes.toString('utf8')) : undefined;
}

interface Question {
  readonly argument?: string;
  readonly acknowledgeWaitMs?: number;
  readonly answerWaitMs?: number;
}

/**
 * Where nobody is at our own place, or the agent of another home, the one that holds the lock may listen at another: it was started in
 * another environment.
 */
async function ask(verb: string, { env, openAgentWiring }: Wiring, question: Question = {}): Promise<Conversation> {
  const { socketPath: usual, isOwnSocket, readToken, readRecord } = await openAgentWiring();
  const { argument, ...waits } = { argument: '', acknowledgeWaitMs, answerWaitMs, ...question };
  const deadlineMs = Date.now() + waits.answerWaitMs;
  const { ROLEKEEPER_DEADLINE: _deadline, ...sent } = variablesToSend(env, readToken()); // the front's, of this call alone
  const own = { ...sent, [callerVariable]: notesItself };
  const request = { verb, argument, deadlineMs, cwd: ownDirectory(), env: own };
  const askAt = (path: string) => converse(request, { socketPath: path, ...waits });
  const said = isOwnSocket() ? await askAt(usual) : undefined;
  if (said !== undefined && !isOfAnotherHome(said)) return said;
  const recorded = readRecord()?.socketPath ?? usual;
  if (recorded === usual || !isOwnSocket(recorded)) return said ?? { kind: 'nobody' };
  return await askAt(recorded);
}

/** Relative paths in the environment begin here; in a directory that is gone they lead nowhere. */
function ownDirectory(): string {
  try {
    return process.cwd();
  } catch {
    return '/'; // ENOENT, the only way in which it fails
  }
}

// `rolekeeper add PROFILE`: long-term keys that a person types go straight into the store; the profile is set up beside them.
// The secret comes from the terminal without echo, or from stdin. Never from an argument.

import { type EditRecord, recordEdit } from '../config/edit-record.ts';
import { type ConfigTexts, editKeysPair, type TypedKeys, typedPair } from '../config/keys-pair.ts';
import { parseSerial } from '../config/limits.ts';
import { type ProfileName, parseProfileName } from '../config/names.ts';
import { profileSettings } from '../config/profile-settings.ts';
import { resolveNetwork, resolveStsEndpoint } from '../config/sts-endpoint.ts';
import type { UndoNote } from '../config/undo-note.ts';
import { Secret } from '../credentials/secret.ts';
import { AppError } from '../errors.ts';
import type { Store } from '../ports/store.ts';
import type { UndoNotes } from '../ports/text-files.ts';
import { shellWord } from '../shell-word.ts';
import type { Asker, Wiring } from '../wiring.ts';
import { alone, readTexts, refuseHardLinks, showEdit, writeTexts } from './config-texts.ts';
import { handOver } from './hand-over.ts';
import { writeStderr } from './report.ts';
import { readLine } from './stdin.ts';
import { identifyKeys, isUnused, type NewKeys, type Route, storeKeys } from './take-keys.ts';
import { keepNote } from './undo-files.ts';

export interface AddOptions {
  readonly profile: string;
  readonly keysName: string | undefined;
  readonly accessKeyId: string | undefined;
  readonly mfaSerial: string | undefined;
  readonly region: string | undefined;
  readonly isDryRun: boolean;
  readonly isYes: boolean;
}

const storeDeadlineMs = 60_000;

export async function addKeys(options: AddOptions, wiring: Wiring): Promise<void> {
  const profile = parseProfileName(options.profile);
  const name = parseProfileName(options.keysName ?? profile);
  const serial = options.mfaSerial === undefined ? undefined : parseDevice(options.mfaSerial);
  const typed: TypedKeys = { profile, name, serial, region: options.region };
  const { before, after } = planEdit(typed, wiring);
  if (options.isDryRun) {
    showEdit(before, after, wiring);
    return;
  }
  const route = routeOf(typed, wiring); // before anything is asked
  const instead = `run \`rolekeeper add ${shellWord(profile)} --access-key-id AKIA… --yes\` with the secret access key on stdin`;
  const keys = await readKeys(typed, options.accessKeyId, { asker: { command: 'add', instead }, wiring });
  const store = await wiring.openStore({ deadlineMs: storeDeadlineMs, prompts: 'allowed' });
  try {
    const agree = async () => {
      if (!options.isYes && before.config !== after.config) await confirmEdit(profile, wiring);
    };
    const userArn = await putKeys({ typed, keys, route }, { store, agree, wiring });
    const undoNotes = await wiring.openUndoNotes();
    writeStderr([
      `the keys of ${userArn} are in ${store.description} as keys/${name}; read back and accepted by AWS`,
      ...(undoNotes.read(profile)?.command === 'add' ? [`to take it back: \`rolekeeper add ${shellWord(profile)} --undo\``] : []),
    ]);
    await handOver(store, wiring);
  } finally {
    await store.close();
  }
}

/** What a person typed, and where AWS is asked about it. */
export interface Adding {
  readonly typed: TypedKeys;
  readonly keys: NewKeys;
  readonly route: Route;
}

/** Into the store and into the config, without a question. Returns whose they are. `agree` comes before anything is changed, and may throw. */
export async function putKeys(
  { typed, keys, route }: Adding,
  { store, agree, wiring }: { readonly store: Store; readonly agree: () => Promise<void>; readonly wiring: Wiring },
): Promise<string> {
  const { profile, name } = typed;
  const ports = await wiring.openRefresh(store);
  const identified = await identifyKeys(keys, route, ports);
  await agree();
  const undoNotes = await wiring.openUndoNotes();
  // From keys that took the place of others there is no way back.
  const isFirst = await isUnused(name, store);
  const keepWayBack = (planned: Plan) => {
    if (isFirst) keepUndo(profile, { command: 'add', keys: name, records: recordsOf(planned, keys, wiring) }, undoNotes);
  };
  keepWayBack(planEdit(typed, wiring)); // before the keys are stored: whatever happens next
  await storeKeys(identified, name, { route, ports });
  await alone(wiring, () => {
    const planned = planEdit(typed, wiring);
    keepWayBack(planned);
    writeTexts(planned.before, planned.after, wiring);
  });
  return identified.userArn;
}

/** The ARN of an MFA device. Throws `usage`. */
export function parseDevice(text: string): string {
  const serial = parseSerial(text);
  if (serial.kind === 'problem') throw new AppError('usage', { problem: `--mfa-serial: ${serial.problem}` });
  return serial.value;
}

interface Plan {
  readonly before: ConfigTexts;
  readonly after: ConfigTexts;
}

/** From the files as they are now. Throws `edit-refused`, `config-malformed`, and `config-unwritable` for a hard link. */
function planEdit(typed: TypedKeys, wiring: Wiring): Plan {
  const before = readTexts(wiring);
  const after = editKeysPair(before, typedPair(typed, wiring.program), wiring);
  refuseHardLinks(before, after, wiring);
  return { before, after };
}

function recordsOf({ before, after }: Plan, keys: NewKeys, { configPath }: Wiring): readonly EditRecord[] {
  return before.config === after.config ? [] : [recordEdit(configPath, { before: before.config, after: after.config }, keys)];
}

/** An add that changes no file keeps the older way. */
function keepUndo(profile: ProfileName, note: UndoNote, undoNotes: UndoNotes): void {
  if (note.records.length > 0 || undoNotes.read(profile) === undefined) keepNote(profile, note, undoNotes);
}

/** The profile may not exist yet; what it will say about region and endpoint counts already. */
export function routeOf(
  { profile, region }: Pick<TypedKeys, 'profile' | 'region'>,
  { env, readConfig }: Pick<Wiring, 'env' | 'readConfig'>,
): Route {
  const settings = profileSettings(profile, readConfig());
  const get = (key: string) => (key === 'region' ? region : undefined) ?? settings?.get(key);
  const endpoint = resolveStsEndpoint({ settings: get, services: settings?.service ?? (() => undefined), env });
  if (endpoint.kind === 'problem') throw new AppError('usage', { problem: endpoint.problem });
  return { endpoint: endpoint.value, network: resolveNetwork([get], env) };
}

/** `given`: the key id, if it need not be asked for. Throws `usage`, `no-terminal`. */
export async function readKeys(
  { profile, name }: TypedKeys,
  given: string | undefined,
  { asker, wiring }: { readonly asker: Asker; readonly wiring: Pick<Wiring, 'openTerminal'> },
): Promise<NewKeys> {
  const terminal = await wiring.openTerminal(asker);
  const accessKeyId = (given ?? (await terminal.ask('Access key id'))).trim();
  if (!/^[A-Z0-9]{16,128}$/.test(accessKeyId))
    throw new AppError('usage', { problem: 'that is no access key id', hint: 'it begins with AKIA' });
  if (accessKeyId.startsWith('ASIA'))
    throw new AppError('usage', {
      problem: 'that key id is of temporary credentials',
      hint: 'only long-term keys (AKIA…) can be added',
    });
  const secret = terminal.isInteractive ? await terminal.askHidden('Secret access key') : await secretFromStdin(asker);
  return {
    name,
    profile,
    accessKeyId,
    secretAccessKey: secret,
    renamed: (other) => `rolekeeper add ${shellWord(profile)} --keys ${shellWord(other)}`,
  };
}

async function secretFromStdin({ command, instead }: Asker): Promise<Secret> {
  const line = await readLine();
  if (line === undefined) throw new AppError('no-terminal', { command, instead });
  return new Secret(line.trim());
}

async function confirmEdit(profile: ProfileName, wiring: Wiring): Promise<void> {
  const terminal = await wiring.openTerminal({ command: 'add', instead: 'add --yes' });
  if (!(await terminal.confirm(`Set up [profile ${profile}] in ${wiring.configPath}?`))) throw new AppError('declined', {});
}

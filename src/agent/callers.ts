// What the agent knows of its callers: whose files they mean and which store, kept as long as their environment and their files stay as they are.

import { isAbsolute, resolve } from 'node:path';
import type { ProfileName } from '../config/names.ts';
import type { ConfigFiles } from '../config/profile-settings.ts';
import type { Recipe } from '../config/recipe.ts';
import { resolveRecipe } from '../config/resolve-recipe.ts';
import { isAppError } from '../errors.ts';
import type { Environment } from '../ports/environment.ts';
import type { AgentRequest } from './wire.ts';

/** Where a caller's things are, by its environment. */
export interface CallerPlace {
  readonly home: string;
  readonly stateDirectory: string;
  readonly configPath: string;
  readonly credentialsPath: string;
}

export interface Caller {
  readonly env: Environment;
  readonly place: CallerPlace;
  /** Both files as they are now. The same object as long as they do not change. Throws `config-unreadable`, `config-malformed`. */
  readFiles(): ConfigFiles;
  /** Another one whenever `readFiles` gives something else. Never throws. */
  filesStamp(): string;
  /** Out of these files, or as they are now. Throws what `resolveRecipe` throws. */
  recipe(profile: ProfileName, files?: ConfigFiles): Recipe;
}

export interface CallerPorts {
  /** The agent's own environment: it fills in the session bus of a caller that has none. */
  readonly env: Environment;
  readonly placeOf: (env: Environment, cwd: string) => CallerPlace;
  readonly readFiles: (place: CallerPlace) => ConfigFiles;
}

/** A machine has a few kinds of callers: a shell, an editor, cron. */
const mostCallers = 64;
const mostRecipes = 2_000;

export class Callers {
  readonly #ports: CallerPorts;
  readonly #known = new Map<string, Caller>();
  readonly #numbers = new WeakMap<ConfigFiles, number>();
  #lastNumber = 0;

  constructor(ports: CallerPorts) {
    this.#ports = ports;
  }

  of({ env, cwd }: Pick<AgentRequest, 'env' | 'cwd'>): Caller {
    const directory = hasRelativePath(env) ? cwd : '/';
    const key = JSON.stringify([directory, Object.entries(env).sort()]);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const caller = this.#open(env, directory);
    makeRoom(this.#known, mostCallers);
    this.#known.set(key, caller);
    return caller;
  }

  #stampOf(read: () => ConfigFiles): string {
    try {
      const files = read();
      const known = this.#numbers.get(files);
      const number = known ?? ++this.#lastNumber;
      this.#numbers.set(files, number);
      return String(number);
    } catch (error) {
      if (!isAppError(error)) throw error;
      return error.message;
    }
  }

  #open(sent: Environment, cwd: string): Caller {
    const { env: own, placeOf, readFiles } = this.#ports;
    const env = { ...busOf(hasBus(sent) ? {} : own), ...sent, ...bundleOf(sent, cwd) };
    const place = placeOf(env, cwd);
    const recipes = new Map<ProfileName, Recipe>();
    let resolvedFrom: ConfigFiles | undefined;
    const readNow = () => readFiles(place);
    return {
      env,
      place,
      readFiles: readNow,
      filesStamp: () => this.#stampOf(readNow),
      recipe(profile, files = readNow()) {
        if (files !== resolvedFrom) recipes.clear();
        resolvedFrom = files;
        const known = recipes.get(profile);
        if (known !== undefined) return known;
        const recipe = resolveRecipe(profile, files, env);
        makeRoom(recipes, mostRecipes);
        recipes.set(profile, recipe);
        return recipe;
      },
    };
  }
}

/** These alone may be relative, to the directory of the caller. Shells come from many directories, and are alike in all else. */
const pathVariables = ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE', 'AWS_CA_BUNDLE'];

function hasRelativePath(env: Environment): boolean {
  return pathVariables.some((name) => !isAbsolute(env[name] || '/'));
}

// Read when AWS is called, by a process that is somewhere else.
function bundleOf({ AWS_CA_BUNDLE: path }: Environment, cwd: string): Environment {
  return path === undefined || path.trim() === '' ? {} : { AWS_CA_BUNDLE: resolve(cwd, path.trim()) };
}

function hasBus(env: Environment): boolean {
  return env['DBUS_SESSION_BUS_ADDRESS'] !== undefined || env['XDG_RUNTIME_DIR'] !== undefined;
}

function busOf(env: Environment): Environment {
  const { DBUS_SESSION_BUS_ADDRESS: address, XDG_RUNTIME_DIR: directory } = env;
  return {
    ...(address === undefined ? {} : { DBUS_SESSION_BUS_ADDRESS: address }),
    ...(directory === undefined ? {} : { XDG_RUNTIME_DIR: directory }),
  };
}

// The oldest goes.
function makeRoom<K>(map: Map<K, unknown>, most: number): void {
  for (const oldest of map.keys()) {
    if (map.size < most) return;
    map.delete(oldest);
  }
}

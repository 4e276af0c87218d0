// The part of the Secret Service API that is used, with its types (freedesktop.org Secret Service API 0.2 draft).

import {
  array,
  boolean,
  bytes,
  type Codec,
  dict,
  objectPath,
  pathDict,
  sequence,
  string,
  struct,
  type Variant,
  variant,
} from './dbus-codec.ts';
import type { Method } from './dbus-connection.ts';

export const rootPath = '/org/freedesktop/secrets';
export const defaultCollectionPath = '/org/freedesktop/secrets/aliases/default';
/** Where the API means "none": no prompt, no such collection. */
export const noPath = '/';

/** Session, parameters, value, content type. */
export type WireSecret = readonly [string, Buffer, Buffer, string];

/** How secrets go over the wire once a session is open. */
export interface SecretSession {
  readonly path: string;
  seal(value: Buffer): WireSecret;
  /** Throws WireError for what does not open. */
  open(secret: WireSecret): Buffer;
}

export const contentType = 'text/plain';

const destination = 'org.freedesktop.secrets';
const secret = struct(objectPath, bytes, bytes, string);
const attributes = dict(string);

export const openSession = serviceMethod('OpenSession', sequence(string, variant), sequence(variant, objectPath));
/** Items that can be read now, and items that are locked. */
export const searchItems = serviceMethod('SearchItems', sequence(attributes), sequence(array(objectPath), array(objectPath)));
/** Items of one collection, locked or not. */
export const searchCollection = method('Collection', 'SearchItems', sequence(attributes), sequence(array(objectPath)));
export const getSecrets = serviceMethod('GetSecrets', sequence(array(objectPath), objectPath), sequence(pathDict(secret)));
/** What is open at once, and the prompt for the rest. */
export const unlock = serviceMethod('Unlock', sequence(array(objectPath)), sequence(array(objectPath), objectPath));
export const readAlias = serviceMethod('ReadAlias', sequence(string), sequence(objectPath));

export const createItem = method(
  'Collection',
  'CreateItem',
  sequence(dict(variant), secret, boolean),
  sequence(objectPath, objectPath),
);
export const setSecret = method('Item', 'SetSecret', sequence(secret), sequence());
export const deleteItem = method('Item', 'Delete', sequence(), sequence(objectPath));
export const startPrompt = method('Prompt', 'Prompt', sequence(string), sequence());
export const dismissPrompt = method('Prompt', 'Dismiss', sequence(), sequence());
export const promptCompleted = { interface: 'org.freedesktop.Secret.Prompt', member: 'Completed' } as const;

export const getProperty: Method<readonly [string, string], readonly [Variant]> = {
  destination,
  interface: 'org.freedesktop.DBus.Properties',
  member: 'Get',
  args: sequence(string, string),
  reply: sequence(variant),
};

/** keytar's attributes (libsecret's generic schema), so that any keytar program and secret-tool find the same item. */
export function attributesOf(service: string, account: string): ReadonlyMap<string, string> {
  return new Map([
    ['service', service],
    ['account', account],
    ['xdg:schema', 'org.freedesktop.Secret.Generic'],
  ]);
}

/** What CreateItem is told besides the secret. */
export function itemProperties(service: string, account: string): ReadonlyMap<string, Variant> {
  return new Map<string, Variant>([
    ['org.freedesktop.Secret.Item.Label', { type: 's', value: `${service}/${account}` }],
    ['org.freedesktop.Secret.Item.Attributes', { type: 'a{ss}', value: attributesOf(service, account) }],
  ]);
}

function serviceMethod<A, R>(member: string, args: Codec<A>, reply: Codec<R>): Method<A, R> {
  return method('Service', member, args, reply);
}

function method<A, R>(of: string, member: string, args: Codec<A>, reply: Codec<R>): Method<A, R> {
  return { destination, interface: `org.freedesktop.Secret.${of}`, member, args, reply };
}

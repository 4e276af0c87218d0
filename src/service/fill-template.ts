// Puts values into a template of install/. Knows no format: the values are escaped by whoever knows theirs.

/**
 * `{{name}}` becomes the value; a line that holds nothing but a name whose value is empty goes away whole. Throws for a name without a
 * value and a value without a name: either is a fault of ours.
 */
export function fillTemplate(template: string, values: Readonly<Record<string, string>>): string {
  const used = new Set<string>();
  const taken = (name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`the template has {{${name}}}, which has no value`);
    used.add(name);
    return value;
  };
  const lines = template.split('\n').flatMap((line) => {
    const [, only] = /^\s*\{\{(\w+)\}\}\s*$/.exec(line) ?? [];
    if (only !== undefined && taken(only) === '') return [];
    return [line.replace(/\{\{(\w+)\}\}/g, (_whole, name: string) => taken(name))];
  });
  const unused = Object.keys(values).filter((name) => !used.has(name));
  if (unused.length > 0) throw new Error(`the template has no {{${unused.join('}}, {{')}}}`);
  return lines.join('\n');
}

/** The group between `#[name]` and `#[/name]` stays; of its marks, only what is said in the first. */
export function keepGroup(template: string, name: string): string {
  return template.replace(`#[${name}]`, '#').replace(new RegExp(`^#\\[/${name}\\]\n`, 'm'), '');
}

/** The group goes away with its marks; `instead` is a comment that takes its place. */
export function dropGroup(template: string, name: string, instead: string): string {
  return template.replace(new RegExp(`^#\\[${name}\\][^]*?^#\\[/${name}\\]$`, 'm'), `# ${instead}`);
}

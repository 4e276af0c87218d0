import { describe, expect, it } from 'vitest';
import { dropGroup, fillTemplate, keepGroup } from '../../src/service/fill-template.ts';
import { isMarkedAsOurs } from '../../src/service/service-plan.ts';
import { templates } from '../../src/service/templates.ts';

describe('fillTemplate', () => {
  it('fillTemplate puts every value in, and leaves what looks like a name inside a value alone', () => {
    expect(fillTemplate('a={{a}}\n  {{b}}\n', { a: '{{b}}$&', b: 'two\nlines' })).toBe(
      'a={{b}}$&\ntwo\nlines\n'.replace('two', '  two'),
    );
  });

  it('fillTemplate drops a line that is only an empty value', () => {
    expect(fillTemplate('one\n{{none}}\ntwo={{none}}\n', { none: '' })).toBe('one\ntwo=\n');
  });

  it('fillTemplate refuses a name without a value and a value without a name', () => {
    expect(() => fillTemplate('{{a}}', {})).toThrow('{{a}}');
    expect(() => fillTemplate('a', { b: '' })).toThrow('{{b}}');
  });
});

describe('templates', () => {
  it.each(Object.entries(templates))('the template %s says who makes it', (_name, text) => {
    expect(isMarkedAsOurs(text)).toBe(true);
  });
});

describe('groups', () => {
  const template = 'before\n#[g] Why.\nx=1\n#[/g]\nafter\n';

  it('keepGroup keeps the lines and the reason', () => {
    expect(keepGroup(template, 'g')).toBe('before\n# Why.\nx=1\nafter\n');
  });

  it('dropGroup puts a comment in its place', () => {
    expect(dropGroup(template, 'g', 'left out')).toBe('before\n# left out\nafter\n');
  });
});

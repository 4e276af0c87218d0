// Small text files of other programs, such as tokens. Types only.

/** The text, or what stands in the way of it. */
export type SmallFile = { readonly kind: 'ok'; readonly text: string } | { readonly kind: 'problem'; readonly problem: string };

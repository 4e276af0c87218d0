// What the build bundles as text (`with { type: 'text' }`).

declare module '*.socket' {
  const text: string;
  export default text;
}
declare module '*.service' {
  const text: string;
  export default text;
}
declare module '*.timer' {
  const text: string;
  export default text;
}
declare module '*.plist' {
  const text: string;
  export default text;
}
declare module '*.xml' {
  const text: string;
  export default text;
}
declare module '*.desktop' {
  const text: string;
  export default text;
}

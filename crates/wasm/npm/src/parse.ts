/** What the core said, as what it is. That the types are true is tested: see `test/types.test.ts`. */
export function parse<T>(json: string): T {
  return JSON.parse(json) as T;
}

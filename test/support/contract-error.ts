/** What a rejected promise's error must look like. */
export function contractError(
  code: string,
  status: number,
): { readonly code: string; readonly status: number } {
  return { code, status };
}

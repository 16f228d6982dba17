/** A JSON value as it arrives. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A JSON Schema with openEO's `subtype` keyword. */
export type JsonSchema = { readonly [key: string]: unknown };

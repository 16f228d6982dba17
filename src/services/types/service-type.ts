import type { JsonSchema } from '../../base/json';
import type { ParameterSpec } from '../../graph/types';

/** A kind of secondary service; one file each in `services/types/`. */
export interface ServiceType {
  /** Lower case, as it stands in addresses. Clients may write it in any case. */
  readonly id: string;
  readonly title: string;
  readonly description: string;
  /** JSON Schema (2020-12) by setting, each with a description and, where optional, a default. */
  readonly configuration: Readonly<
    Record<string, JsonSchema & { readonly description: string; readonly default?: unknown }>
  >;
  /** What a graph may refer to by `from_parameter` without declaring it. */
  readonly processParameters: readonly (ParameterSpec & { readonly description: string })[];
  readonly links: readonly { readonly rel: string; readonly href: string; readonly title?: string }[];
}

import { OpenEOError } from '../base/errors';

/** Characters that users' texts may have; absent: as many as a request may have. */
export interface TextLimits {
  readonly title?: number;
  readonly description?: number;
}

const settings = { title: 'TILEGRAPH_LIMIT_TITLE', description: 'TILEGRAPH_LIMIT_DESCRIPTION' } as const;

/** Which limit holds for which property of jobs, services and stored processes. */
const limited = { title: 'title', summary: 'title', description: 'description' } as const;

/** @throws OpenEOError `TextTooLong` */
export function checkTexts(
  body: { readonly [property in keyof typeof limited]?: unknown },
  limits: TextLimits,
): void {
  for (const property of ['title', 'summary', 'description'] as const) {
    const text = body[property];
    const limit = limits[limited[property]];
    // There are never more characters than units of UTF-16.
    if (typeof text !== 'string' || limit === undefined || text.length <= limit) continue;
    const { length } = [...text];
    if (length > limit)
      throw new OpenEOError('TextTooLong', { property, length, limit, setting: settings[limited[property]] });
  }
}

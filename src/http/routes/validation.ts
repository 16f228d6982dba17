import type { Backend } from '../backend';
import type { Route } from '../route';

export function validationRoutes({ runner }: Backend): Route[] {
  return [
    {
      method: 'POST',
      path: '/validation',
      access: 'optional',
      body: 'openeo',
      async handle(request, response) {
        const { user } = request.context;
        const issues = await runner.validate(request.body, { ...(user && { user }) });
        // The standard's error object may have further members; these say where the problem is.
        response.json({
          errors: issues.map(({ code, message, node, argument, pointer }) => ({
            code,
            message,
            ...(node && { node }),
            ...(argument !== undefined && { argument }),
            ...(pointer !== undefined && { pointer }),
          })),
        });
      },
    },
  ];
}

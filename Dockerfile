# syntax=docker/dockerfile:1
# Every RUN step is an npm script or a plain command that also works outside of Docker (test/e2e/deploy.test.ts runs them).
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run build
RUN npm prune --omit=dev --no-audit --no-fund

FROM node:24-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080 TILEGRAPH_DATA_DIR=/data
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=build /app/processes ./processes
COPY --from=build /app/schemas ./schemas
COPY --from=build /app/drizzle ./drizzle
RUN mkdir -p /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "dist/src/cli/main.js", "health"]
# The program handles SIGTERM itself: it stops taking connections, finishes what runs and exits with 0.
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "--initial-old-space-size=256", "--max-semi-space-size=64", "dist/src/cli/main.js"]
CMD ["serve"]

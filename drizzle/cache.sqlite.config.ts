import { defineConfig } from 'drizzle-kit';

// npx drizzle-kit generate --config drizzle/cache.sqlite.config.ts --name what_changes
export default defineConfig({
  dialect: 'sqlite',
  schema: './src/store/cache/tables.ts',
  out: './drizzle/sqlite/cache',
});

import { defineConfig } from 'drizzle-kit';

// npx drizzle-kit generate --config drizzle/records.sqlite.config.ts --name what_changes
export default defineConfig({
  dialect: 'sqlite',
  schema: './src/store/records/sqlite/tables.ts',
  out: './drizzle/sqlite/records',
});

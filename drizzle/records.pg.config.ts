import { defineConfig } from 'drizzle-kit';

// npx drizzle-kit generate --config drizzle/records.pg.config.ts --name what_changes
export default defineConfig({
  dialect: 'postgresql',
  schema: './src/store/records/postgres/tables.ts',
  out: './drizzle/pg/records',
});

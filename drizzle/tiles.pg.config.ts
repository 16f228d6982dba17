import { defineConfig } from 'drizzle-kit';

// npx drizzle-kit generate --config drizzle/tiles.pg.config.ts --name what_changes
export default defineConfig({
  dialect: 'postgresql',
  schema: './src/store/tiles/postgres/tables.ts',
  out: './drizzle/pg/tiles',
});

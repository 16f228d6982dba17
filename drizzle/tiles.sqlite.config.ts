import { defineConfig } from 'drizzle-kit';

// npx drizzle-kit generate --config drizzle/tiles.sqlite.config.ts --name what_changes
export default defineConfig({
  dialect: 'sqlite',
  schema: './src/store/tiles/sqlite/tables.ts',
  out: './drizzle/sqlite/tiles',
});

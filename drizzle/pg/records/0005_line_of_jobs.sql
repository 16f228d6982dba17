-- The order in which jobs are taken; drizzle-kit cannot say "descending" in a way that both databases use.
CREATE INDEX jobs_by_turn ON jobs (status, priority DESC, queued_at, id);

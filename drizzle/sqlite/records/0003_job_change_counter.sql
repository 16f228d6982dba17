-- Servers and workers must notice two things at once: that there is work to take, and that work of theirs was taken away.
INSERT INTO record_changes (topic, revision) VALUES ('jobs', 0);
--> statement-breakpoint
CREATE TRIGGER jobs_insert_counts AFTER INSERT ON jobs WHEN new.status = 'queued' BEGIN UPDATE record_changes SET revision = revision + 1 WHERE topic = 'jobs'; END;
--> statement-breakpoint
CREATE TRIGGER jobs_update_counts AFTER UPDATE ON jobs WHEN old.status <> new.status AND (new.status = 'queued' OR (old.status = 'running' AND new.status IN ('created', 'canceled'))) BEGIN UPDATE record_changes SET revision = revision + 1 WHERE topic = 'jobs'; END;
--> statement-breakpoint
CREATE TRIGGER jobs_delete_counts AFTER DELETE ON jobs WHEN old.status = 'running' BEGIN UPDATE record_changes SET revision = revision + 1 WHERE topic = 'jobs'; END;

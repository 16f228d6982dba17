-- Servers and workers must notice two things at once: that there is work to take, and that work of theirs was taken away.
INSERT INTO record_changes (topic, revision) VALUES ('jobs', 0);
--> statement-breakpoint
CREATE TRIGGER count_queued AFTER INSERT ON jobs FOR EACH ROW WHEN (NEW.status = 'queued') EXECUTE FUNCTION count_record_change();
--> statement-breakpoint
CREATE TRIGGER count_change AFTER UPDATE ON jobs FOR EACH ROW WHEN (OLD.status <> NEW.status AND (NEW.status = 'queued' OR (OLD.status = 'running' AND NEW.status IN ('created', 'canceled')))) EXECUTE FUNCTION count_record_change();
--> statement-breakpoint
CREATE TRIGGER count_removed AFTER DELETE ON jobs FOR EACH ROW WHEN (OLD.status = 'running') EXECUTE FUNCTION count_record_change();

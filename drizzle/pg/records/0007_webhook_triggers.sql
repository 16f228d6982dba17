-- A job that ends is told of by the transaction that ends it, whoever does that and however: nothing can come in between.
CREATE FUNCTION tell_end_of_job() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO webhook_deliveries (id, receiver_id, job_id, job_type, owner_id, event, status, message, error, ended_at, attempts, next_at)
	SELECT gen_random_uuid()::text, receiver.id, NEW.id, NEW.type, NEW.owner_id,
		CASE NEW.status WHEN 'created' THEN 'job.canceled' ELSE 'job.' || NEW.status END,
		NEW.status, NEW.message, NEW.error, NEW.completed_at, 0, NEW.completed_at
	FROM webhook_receivers AS receiver;
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER tell_end AFTER UPDATE ON jobs FOR EACH ROW WHEN (OLD.status IN ('queued', 'running') AND NEW.status NOT IN ('queued', 'running') AND NEW.completed_at IS NOT NULL) EXECUTE FUNCTION tell_end_of_job();

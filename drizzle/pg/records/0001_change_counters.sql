-- Each change of a table counts under its topic, whoever makes it: other server processes look there.
INSERT INTO record_changes (topic, revision) VALUES ('users', 0), ('tokens', 0), ('services', 0), ('stored_processes', 0), ('registered_processes', 0), ('signing_keys', 0);
--> statement-breakpoint
CREATE FUNCTION count_record_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	counted bigint;
BEGIN
	UPDATE record_changes SET revision = revision + 1 WHERE topic = TG_TABLE_NAME RETURNING revision INTO counted;
	PERFORM pg_notify('tilegraph_records', TG_TABLE_NAME || ' ' || counted);
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER count_change AFTER INSERT OR UPDATE OR DELETE ON users FOR EACH STATEMENT EXECUTE FUNCTION count_record_change();
--> statement-breakpoint
CREATE TRIGGER count_change AFTER INSERT OR UPDATE OR DELETE ON tokens FOR EACH STATEMENT EXECUTE FUNCTION count_record_change();
--> statement-breakpoint
CREATE TRIGGER count_change AFTER INSERT OR UPDATE OR DELETE ON services FOR EACH STATEMENT EXECUTE FUNCTION count_record_change();
--> statement-breakpoint
CREATE TRIGGER count_change AFTER INSERT OR UPDATE OR DELETE ON stored_processes FOR EACH STATEMENT EXECUTE FUNCTION count_record_change();
--> statement-breakpoint
CREATE TRIGGER count_change AFTER INSERT OR UPDATE OR DELETE ON registered_processes FOR EACH STATEMENT EXECUTE FUNCTION count_record_change();
--> statement-breakpoint
CREATE TRIGGER count_change AFTER INSERT OR UPDATE OR DELETE ON signing_keys FOR EACH STATEMENT EXECUTE FUNCTION count_record_change();

-- Each change of a table counts under its topic, whoever makes it: other server processes look there.
INSERT INTO record_changes (topic, revision) VALUES ('users', 0), ('tokens', 0), ('services', 0), ('stored_processes', 0), ('registered_processes', 0), ('signing_keys', 0);
--> statement-breakpoint
CREATE TRIGGER users_insert_counts AFTER INSERT ON users BEGIN UPDATE record_changes SET revision = revision + 1 WHERE topic = 'users'; END;
--> statement-breakpoint
CREATE TRIGGER users_update_counts AFTER UPDATE ON users BEGIN UPDATE record_changes SET revision = revision + 1 WHERE topic = 'users'; END;
--> statement-breakpoint
CREATE TRIGGER users_delete_counts AFTER DELETE ON users BEGIN UPDATE record_changes SET revision = revision + 1 WHERE topic = 'users'; END;
--> statement-breakpoint
CREATE TRIGGER tokens_insert_counts AFTER INSERT ON tokens BEGIN UPDATE record_changes SET revision = revision + 1 WHERE topic = 'tokens'; END;
--> statement-breakpoint
CREATE TRIGGER tokens_update_counts AFTER UPDATE ON tokens BEGIN UPDATE record_changes SET revision = revision + 1 WHERE topic = 'tokens'; END;
--> statement-breakpoint
CREATE TRIGGER tokens_delete_counts AFTER DELETE ON tokens BEGIN UPDATE record_changes SET revision = revision + 1 WHERE topic = 'tokens'; END;
--> statement-breakpoint
CREATE TRIGGER services_insert_counts AFTER INSERT ON services BEGIN UPDATE record_changes SET revision = revision + 1 WHERE topic = 'services'; END;
--> statement-breakpoint
CREATE TRIGGER services_update_counts AFTER UPDATE ON services BEGIN UPDATE record_changes SET revision = revision + 1 WHERE topic = 'services'; END;
--> statement-breakpoint
CREATE TRIGGER services_delete_counts AFTER DELETE ON services BEGIN UPDATE record_changes SET revision = revision + 1 WHERE topic = 'services'; END;
--> statement-breakpoint
CREATE TRIGGER stored_processes_insert_counts AFTER INSERT ON stored_processes BEGIN UPDATE record_changes SET revision = revision + 1 WHERE topic = 'stored_processes'; END;
--> statement-breakpoint
CREATE TRIGGER stored_processes_update_counts AFTER UPDATE ON stored_processes BEGIN UPDATE record_changes SET revision = revision + 1 WHERE topic = 'stored_processes'; END;
--> statement-breakpoint
CREATE TRIGGER stored_processes_delete_counts AFTER DELETE ON stored_processes BEGIN UPDATE record_changes SET revision = revision + 1 WHERE topic = 'stored_processes'; END;
--> statement-breakpoint
CREATE TRIGGER registered_processes_insert_counts AFTER INSERT ON registered_processes BEGIN UPDATE record_changes SET revision = revision + 1 WHERE topic = 'registered_processes'; END;
--> statement-breakpoint
CREATE TRIGGER registered_processes_update_counts AFTER UPDATE ON registered_processes BEGIN UPDATE record_changes SET revision = revision + 1 WHERE topic = 'registered_processes'; END;
--> statement-breakpoint
CREATE TRIGGER registered_processes_delete_counts AFTER DELETE ON registered_processes BEGIN UPDATE record_changes SET revision = revision + 1 WHERE topic = 'registered_processes'; END;
--> statement-breakpoint
CREATE TRIGGER signing_keys_insert_counts AFTER INSERT ON signing_keys BEGIN UPDATE record_changes SET revision = revision + 1 WHERE topic = 'signing_keys'; END;
--> statement-breakpoint
CREATE TRIGGER signing_keys_update_counts AFTER UPDATE ON signing_keys BEGIN UPDATE record_changes SET revision = revision + 1 WHERE topic = 'signing_keys'; END;
--> statement-breakpoint
CREATE TRIGGER signing_keys_delete_counts AFTER DELETE ON signing_keys BEGIN UPDATE record_changes SET revision = revision + 1 WHERE topic = 'signing_keys'; END;

CREATE TABLE `jobs` (
	`id` text PRIMARY KEY NOT NULL,
	`owner_id` text NOT NULL,
	`type` text NOT NULL,
	`title` text,
	`description` text,
	`process` text NOT NULL,
	`payload` text NOT NULL,
	`status` text NOT NULL,
	`progress` real NOT NULL,
	`message` text NOT NULL,
	`result` text,
	`error` text,
	`log_level` text NOT NULL,
	`plan` text,
	`budget` real,
	`costs` real,
	`priority` integer NOT NULL,
	`run` integer NOT NULL,
	`attempts` integer NOT NULL,
	`losses` integer NOT NULL,
	`lease_owner` text,
	`lease_until` integer,
	`idempotency_key` text,
	`project_id` text,
	`version_id` text,
	`created_at` integer NOT NULL,
	`queued_at` integer,
	`next_at` integer,
	`started_at` integer,
	`completed_at` integer,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `jobs_by_age` ON `jobs` (`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `jobs_of_owner` ON `jobs` (`owner_id`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `jobs_of_project` ON `jobs` (`project_id`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `jobs_in_line` ON `jobs` (`status`,`owner_id`,`type`);--> statement-breakpoint
CREATE UNIQUE INDEX `jobs_by_idempotency_key` ON `jobs` (`owner_id`,`idempotency_key`);
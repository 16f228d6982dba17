CREATE TABLE `webhook_deliveries` (
	`id` text PRIMARY KEY NOT NULL,
	`receiver_id` text NOT NULL,
	`job_id` text NOT NULL,
	`job_type` text NOT NULL,
	`owner_id` text NOT NULL,
	`event` text NOT NULL,
	`status` text NOT NULL,
	`message` text NOT NULL,
	`error` text,
	`ended_at` integer NOT NULL,
	`attempts` integer NOT NULL,
	`next_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `webhook_deliveries_in_line` ON `webhook_deliveries` (`receiver_id`,`next_at`);--> statement-breakpoint
CREATE INDEX `webhook_deliveries_by_age` ON `webhook_deliveries` (`ended_at`);--> statement-breakpoint
CREATE TABLE `webhook_receivers` (
	`id` text PRIMARY KEY NOT NULL,
	`seen_at` integer NOT NULL
);

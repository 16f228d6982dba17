CREATE TABLE `logs` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`subject` text NOT NULL,
	`severity` integer NOT NULL,
	`message` text NOT NULL,
	`code` text,
	`data` text,
	`path` text,
	`time` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `logs_of_subject` ON `logs` (`subject`,`id`);--> statement-breakpoint
CREATE TABLE `record_changes` (
	`topic` text PRIMARY KEY NOT NULL,
	`revision` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `registered_processes` (
	`id` text PRIMARY KEY NOT NULL,
	`process` text NOT NULL,
	`registered_by` text NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `services` (
	`id` text PRIMARY KEY NOT NULL,
	`owner_id` text NOT NULL,
	`type` text NOT NULL,
	`title` text,
	`description` text,
	`process` text NOT NULL,
	`configuration` text NOT NULL,
	`enabled` integer NOT NULL,
	`log_level` text NOT NULL,
	`plan` text,
	`budget` real,
	`revision` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `services_by_age` ON `services` (`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `services_of_owner` ON `services` (`owner_id`,`created_at`,`id`);--> statement-breakpoint
CREATE TABLE `settings` (
	`name` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `signing_keys` (
	`id` text PRIMARY KEY NOT NULL,
	`subject` text NOT NULL,
	`secret` blob NOT NULL,
	`created_at` integer NOT NULL,
	`revoked_at` integer
);
--> statement-breakpoint
CREATE INDEX `signing_keys_of_subject` ON `signing_keys` (`subject`);--> statement-breakpoint
CREATE TABLE `stored_processes` (
	`owner_id` text NOT NULL,
	`id` text NOT NULL,
	`process` text NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`owner_id`, `id`)
);
--> statement-breakpoint
CREATE TABLE `tokens` (
	`digest` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`expires_at` integer NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `tokens_of_user` ON `tokens` (`user_id`);--> statement-breakpoint
CREATE INDEX `tokens_by_expiry` ON `tokens` (`expires_at`);--> statement-breakpoint
CREATE TABLE `users` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`email` text,
	`roles` text NOT NULL,
	`password_hash` text,
	`created_at` integer NOT NULL
);

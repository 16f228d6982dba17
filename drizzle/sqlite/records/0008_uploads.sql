CREATE TABLE `uploads` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`path` text NOT NULL,
	`turn` integer NOT NULL,
	`wanted` integer NOT NULL,
	`granted` integer NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `uploads_of_user` ON `uploads` (`user_id`,`turn`);
CREATE TABLE `tile_assignments` (
	`service_id` text NOT NULL,
	`z` integer NOT NULL,
	`x` integer NOT NULL,
	`y` integer NOT NULL,
	`user_id` text NOT NULL,
	`stage` text NOT NULL,
	`data` text,
	`claimed_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`service_id`, `z`, `x`, `y`),
	CONSTRAINT "tile_assignments_stage" CHECK("tile_assignments"."stage" in ('claimed', 'submitted'))
) WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `tile_assignments_one_tile` ON `tile_assignments` (`service_id`,`user_id`);--> statement-breakpoint
CREATE TABLE `tile_blocks` (
	`service_id` text NOT NULL,
	`z` integer NOT NULL,
	`level` integer NOT NULL,
	`x` integer NOT NULL,
	`y` integer NOT NULL,
	`mask` integer NOT NULL,
	PRIMARY KEY(`service_id`, `z`, `level`, `x`, `y`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `tile_history` (
	`service_id` text NOT NULL,
	`id` integer PRIMARY KEY NOT NULL,
	`z` integer NOT NULL,
	`x` integer NOT NULL,
	`y` integer NOT NULL,
	`user_id` text NOT NULL,
	`actor_id` text NOT NULL,
	`from_stage` text NOT NULL,
	`to_stage` text NOT NULL,
	`at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `tile_history_service` ON `tile_history` (`service_id`);--> statement-breakpoint
CREATE TRIGGER `tile_history_no_update` BEFORE UPDATE ON `tile_history` BEGIN SELECT raise(ABORT, 'tile_history is append-only'); END;--> statement-breakpoint
CREATE TRIGGER `tile_history_no_delete` BEFORE DELETE ON `tile_history` BEGIN SELECT raise(ABORT, 'tile_history is append-only'); END;

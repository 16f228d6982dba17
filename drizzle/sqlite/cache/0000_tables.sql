CREATE TABLE `cache_state` (
	`id` integer PRIMARY KEY NOT NULL,
	`total_bytes` integer NOT NULL,
	`tile_count` integer NOT NULL,
	`budget_bytes` integer,
	CONSTRAINT "cache_state_one_row" CHECK("cache_state"."id" = 1)
);
--> statement-breakpoint
CREATE TABLE `tiles` (
	`id` text PRIMARY KEY NOT NULL,
	`tile_zoom` integer NOT NULL,
	`tile_x` integer NOT NULL,
	`tile_y` integer NOT NULL,
	`latitude` real NOT NULL,
	`longitude` real NOT NULL,
	`tile_size_meters` real NOT NULL,
	`tile_size_pixels` integer NOT NULL,
	`image_type` text NOT NULL,
	`file_path` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`source` text NOT NULL,
	`captured_at` integer NOT NULL,
	`flight_id` text,
	`location_hash` text NOT NULL,
	`content_sha256` blob NOT NULL,
	`byte_count` integer NOT NULL,
	`sector_class` text NOT NULL,
	`last_accessed_at` integer NOT NULL,
	`voting_status` text,
	`etag` text,
	`is_downgraded` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `tiles_one_row_per_file` ON `tiles` (`file_path`);--> statement-breakpoint
CREATE INDEX `tiles_sector_captured` ON `tiles` (`sector_class`,`captured_at`);--> statement-breakpoint
CREATE INDEX `tiles_last_accessed` ON `tiles` (`last_accessed_at`);--> statement-breakpoint
CREATE INDEX `tiles_cell` ON `tiles` (`tile_zoom`,`tile_x`,`tile_y`);
--> statement-breakpoint
INSERT INTO `cache_state` (`id`, `total_bytes`, `tile_count`) VALUES (1, 0, 0);--> statement-breakpoint
CREATE TRIGGER `cache_state_insert` AFTER INSERT ON `tiles` BEGIN UPDATE `cache_state` SET `total_bytes` = `total_bytes` + NEW.`byte_count`, `tile_count` = `tile_count` + 1; END;--> statement-breakpoint
CREATE TRIGGER `cache_state_update` AFTER UPDATE OF `byte_count` ON `tiles` BEGIN UPDATE `cache_state` SET `total_bytes` = `total_bytes` + NEW.`byte_count` - OLD.`byte_count`; END;--> statement-breakpoint
CREATE TRIGGER `cache_state_delete` AFTER DELETE ON `tiles` BEGIN UPDATE `cache_state` SET `total_bytes` = `total_bytes` - OLD.`byte_count`, `tile_count` = `tile_count` - 1; END;

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
	`created_at` integer DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000) NOT NULL,
	`updated_at` integer DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000) NOT NULL,
	`source` text NOT NULL,
	`captured_at` integer NOT NULL,
	`flight_id` text,
	`location_hash` text NOT NULL,
	`content_sha256` blob,
	`byte_count` integer,
	`legacy_id` text,
	`maps_version` text,
	`version` text,
	`flight_key` text GENERATED ALWAYS AS (coalesce(flight_id, '00000000-0000-0000-0000-000000000000')) VIRTUAL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `idx_tiles_unique_identity` ON `tiles` (`tile_zoom`,`tile_x`,`tile_y`,`tile_size_meters`,`source`,`flight_key`);--> statement-breakpoint
CREATE INDEX `tiles_leaflet_path` ON `tiles` (`location_hash`,captured_at desc,updated_at desc,id desc,`file_path`,`source`);--> statement-breakpoint
CREATE INDEX `idx_tiles_flight_captured` ON `tiles` (`flight_id`,`captured_at`);
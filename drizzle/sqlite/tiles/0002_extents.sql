CREATE TABLE `tile_extents` (
	`tile_zoom` integer PRIMARY KEY NOT NULL,
	`changes` integer NOT NULL,
	`row_count` integer NOT NULL,
	`min_x` integer NOT NULL,
	`max_x` integer NOT NULL,
	`min_y` integer NOT NULL,
	`max_y` integer NOT NULL,
	`min_captured` integer NOT NULL,
	`max_captured` integer NOT NULL,
	`max_pixels` integer NOT NULL
);
--> statement-breakpoint
INSERT INTO `tile_extents`
SELECT `tile_zoom`, count(*), count(*), min(`tile_x`), max(`tile_x`), min(`tile_y`), max(`tile_y`),
	min(`captured_at`), max(`captured_at`), max(`tile_size_pixels`)
FROM `tiles` GROUP BY `tile_zoom`;--> statement-breakpoint
CREATE TRIGGER `tile_extents_insert` AFTER INSERT ON `tiles` BEGIN
	INSERT INTO `tile_extents` VALUES (new.`tile_zoom`, 1, 1, new.`tile_x`, new.`tile_x`, new.`tile_y`, new.`tile_y`,
		new.`captured_at`, new.`captured_at`, new.`tile_size_pixels`)
	ON CONFLICT (`tile_zoom`) DO UPDATE SET
		`changes` = `changes` + 1, `row_count` = `row_count` + excluded.`row_count`,
		`min_x` = min(`min_x`, excluded.`min_x`), `max_x` = max(`max_x`, excluded.`max_x`),
		`min_y` = min(`min_y`, excluded.`min_y`), `max_y` = max(`max_y`, excluded.`max_y`),
		`min_captured` = min(`min_captured`, excluded.`min_captured`),
		`max_captured` = max(`max_captured`, excluded.`max_captured`),
		`max_pixels` = max(`max_pixels`, excluded.`max_pixels`);
END;--> statement-breakpoint
CREATE TRIGGER `tile_extents_update` AFTER UPDATE ON `tiles` BEGIN
	INSERT INTO `tile_extents` VALUES (new.`tile_zoom`, 1, 0, new.`tile_x`, new.`tile_x`, new.`tile_y`, new.`tile_y`,
		new.`captured_at`, new.`captured_at`, new.`tile_size_pixels`)
	ON CONFLICT (`tile_zoom`) DO UPDATE SET
		`changes` = `changes` + 1, `row_count` = `row_count` + excluded.`row_count`,
		`min_x` = min(`min_x`, excluded.`min_x`), `max_x` = max(`max_x`, excluded.`max_x`),
		`min_y` = min(`min_y`, excluded.`min_y`), `max_y` = max(`max_y`, excluded.`max_y`),
		`min_captured` = min(`min_captured`, excluded.`min_captured`),
		`max_captured` = max(`max_captured`, excluded.`max_captured`),
		`max_pixels` = max(`max_pixels`, excluded.`max_pixels`);
END;--> statement-breakpoint
CREATE TRIGGER `tile_extents_delete` AFTER DELETE ON `tiles` BEGIN
	INSERT INTO `tile_extents` VALUES (old.`tile_zoom`, 1, -1, old.`tile_x`, old.`tile_x`, old.`tile_y`, old.`tile_y`,
		old.`captured_at`, old.`captured_at`, old.`tile_size_pixels`)
	ON CONFLICT (`tile_zoom`) DO UPDATE SET
		`changes` = `changes` + 1, `row_count` = `row_count` + excluded.`row_count`,
		`min_x` = min(`min_x`, excluded.`min_x`), `max_x` = max(`max_x`, excluded.`max_x`),
		`min_y` = min(`min_y`, excluded.`min_y`), `max_y` = max(`max_y`, excluded.`max_y`),
		`min_captured` = min(`min_captured`, excluded.`min_captured`),
		`max_captured` = max(`max_captured`, excluded.`max_captured`),
		`max_pixels` = max(`max_pixels`, excluded.`max_pixels`);
END;

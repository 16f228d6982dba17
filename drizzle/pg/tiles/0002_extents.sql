CREATE TABLE "tile_extents" (
	"slot" smallint NOT NULL,
	"tile_zoom" integer NOT NULL,
	"changes" bigint NOT NULL,
	"row_count" bigint NOT NULL,
	"min_x" integer NOT NULL,
	"max_x" integer NOT NULL,
	"min_y" integer NOT NULL,
	"max_y" integer NOT NULL,
	"min_captured" timestamp (6) with time zone NOT NULL,
	"max_captured" timestamp (6) with time zone NOT NULL,
	"max_pixels" integer NOT NULL,
	CONSTRAINT "tile_extents_slot_tile_zoom_pk" PRIMARY KEY("slot","tile_zoom")
) WITH (fillfactor = 50);
--> statement-breakpoint
INSERT INTO "tile_extents"
SELECT 0, "tile_zoom", count(*), count(*), min("tile_x"), max("tile_x"), min("tile_y"), max("tile_y"),
		min("captured_at"), max("captured_at"), max("tile_size_pixels")
FROM "tiles" GROUP BY "tile_zoom";--> statement-breakpoint
CREATE FUNCTION "tile_extents_note"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO "tile_extents" AS e
	SELECT pg_backend_pid() % 32, "tile_zoom", count(*),
		count(*) * (CASE TG_OP WHEN 'INSERT' THEN 1 WHEN 'DELETE' THEN -1 ELSE 0 END),
		min("tile_x"), max("tile_x"), min("tile_y"), max("tile_y"),
		min("captured_at"), max("captured_at"), max("tile_size_pixels")
	FROM "changed" GROUP BY "tile_zoom" ORDER BY "tile_zoom"
	ON CONFLICT ("slot", "tile_zoom") DO UPDATE SET
		"changes" = e."changes" + excluded."changes", "row_count" = e."row_count" + excluded."row_count",
		"min_x" = least(e."min_x", excluded."min_x"), "max_x" = greatest(e."max_x", excluded."max_x"),
		"min_y" = least(e."min_y", excluded."min_y"), "max_y" = greatest(e."max_y", excluded."max_y"),
		"min_captured" = least(e."min_captured", excluded."min_captured"),
		"max_captured" = greatest(e."max_captured", excluded."max_captured"),
		"max_pixels" = greatest(e."max_pixels", excluded."max_pixels");
	RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER "tile_extents_insert" AFTER INSERT ON "tiles" REFERENCING NEW TABLE AS "changed"
	FOR EACH STATEMENT EXECUTE FUNCTION "tile_extents_note"();--> statement-breakpoint
CREATE TRIGGER "tile_extents_update" AFTER UPDATE ON "tiles" REFERENCING NEW TABLE AS "changed"
	FOR EACH STATEMENT EXECUTE FUNCTION "tile_extents_note"();--> statement-breakpoint
CREATE TRIGGER "tile_extents_delete" AFTER DELETE ON "tiles" REFERENCING OLD TABLE AS "changed"
	FOR EACH STATEMENT EXECUTE FUNCTION "tile_extents_note"();

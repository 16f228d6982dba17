CREATE TABLE "tile_assignments" (
	"service_id" text COLLATE "C" NOT NULL,
	"z" smallint NOT NULL,
	"x" integer NOT NULL,
	"y" integer NOT NULL,
	"user_id" text COLLATE "C" NOT NULL,
	"stage" text NOT NULL,
	"data" text,
	"claimed_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "tile_assignments_one_owner" PRIMARY KEY("service_id","z","x","y"),
	CONSTRAINT "tile_assignments_one_tile" UNIQUE("service_id","user_id"),
	CONSTRAINT "tile_assignments_stage" CHECK ("tile_assignments"."stage" in ('claimed', 'submitted'))
);
--> statement-breakpoint
CREATE TABLE "tile_blocks" (
	"service_id" text COLLATE "C" NOT NULL,
	"z" smallint NOT NULL,
	"level" smallint NOT NULL,
	"x" integer NOT NULL,
	"y" integer NOT NULL,
	"mask" bigint NOT NULL,
	CONSTRAINT "tile_blocks_service_id_z_level_x_y_pk" PRIMARY KEY("service_id","z","level","x","y")
);
--> statement-breakpoint
CREATE TABLE "tile_history" (
	"service_id" text COLLATE "C" NOT NULL,
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "tile_history_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"z" smallint NOT NULL,
	"x" integer NOT NULL,
	"y" integer NOT NULL,
	"user_id" text COLLATE "C" NOT NULL,
	"actor_id" text NOT NULL,
	"from_stage" text NOT NULL,
	"to_stage" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "tile_history_service_id_id_pk" PRIMARY KEY("service_id","id")
);

--> statement-breakpoint
ALTER TABLE "tile_blocks" SET (fillfactor = 60);--> statement-breakpoint
CREATE FUNCTION "tile_blocks_climb"() RETURNS trigger LANGUAGE plpgsql AS '
DECLARE child bigint := 1::bigint << ((NEW.y & 7) * 8 + (NEW.x & 7))::int;
BEGIN
	IF NEW.mask = -1 THEN
		INSERT INTO tile_blocks AS b (service_id, z, level, x, y, mask)
		VALUES (NEW.service_id, NEW.z, NEW.level + 1, NEW.x >> 3, NEW.y >> 3, child)
		ON CONFLICT (service_id, z, level, x, y) DO UPDATE SET mask = b.mask | excluded.mask;
	ELSE
		INSERT INTO tile_blocks AS b (service_id, z, level, x, y, mask)
		VALUES (NEW.service_id, NEW.z, NEW.level + 1, NEW.x >> 3, NEW.y >> 3, ~child)
		ON CONFLICT (service_id, z, level, x, y) DO UPDATE SET mask = b.mask & excluded.mask;
	END IF;
	RETURN NULL;
END';--> statement-breakpoint
CREATE TRIGGER "tile_blocks_flipped" AFTER UPDATE ON "tile_blocks" FOR EACH ROW WHEN (NEW.level < 4 AND (OLD.mask = -1) <> (NEW.mask = -1)) EXECUTE FUNCTION "tile_blocks_climb"();--> statement-breakpoint
CREATE FUNCTION "tile_history_refuse"() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''tile_history is append-only''; END';--> statement-breakpoint
CREATE TRIGGER "tile_history_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "tile_history" FOR EACH STATEMENT EXECUTE FUNCTION "tile_history_refuse"();

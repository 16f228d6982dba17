CREATE TABLE "tiles" (
	"id" uuid PRIMARY KEY NOT NULL,
	"tile_zoom" integer NOT NULL,
	"tile_x" integer NOT NULL,
	"tile_y" integer NOT NULL,
	"latitude" double precision NOT NULL,
	"longitude" double precision NOT NULL,
	"tile_size_meters" double precision NOT NULL,
	"tile_size_pixels" integer NOT NULL,
	"image_type" varchar(10) NOT NULL,
	"file_path" varchar(500) NOT NULL,
	"created_at" timestamp (6) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (6) with time zone DEFAULT now() NOT NULL,
	"source" varchar(32) NOT NULL,
	"captured_at" timestamp (6) with time zone NOT NULL,
	"flight_id" uuid,
	"location_hash" uuid NOT NULL,
	"content_sha256" "bytea",
	"byte_count" bigint,
	"legacy_id" uuid,
	"maps_version" text,
	"version" text
);
--> statement-breakpoint
CREATE UNIQUE INDEX "idx_tiles_unique_identity" ON "tiles" USING btree ("tile_zoom","tile_x","tile_y","tile_size_meters","source",coalesce("flight_id", '00000000-0000-0000-0000-000000000000'::uuid));--> statement-breakpoint
CREATE INDEX "idx_tiles_flight_captured" ON "tiles" USING btree ("flight_id","captured_at");--> statement-breakpoint
CREATE INDEX "tiles_leaflet_path" ON "tiles" ("location_hash", "captured_at" DESC, "updated_at" DESC, "id" DESC) INCLUDE ("file_path", "source");--> statement-breakpoint
CREATE FUNCTION "tile_uuid"("name" text) RETURNS uuid LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
	message bytea := decode('5b8d0c2e7f1a4d3b9c5e1f3a8e7d2b6c', 'hex') || convert_to(name, 'UTF8');
	word constant bigint := 4294967295;
	bits bigint;
	w bigint[];
	h bigint[] := ARRAY[1732584193, 4023233417, 2562383102, 271733878, 3285377520];
	a bigint; b bigint; c bigint; d bigint; e bigint; mixed bigint; next bigint;
	start int; t int;
	digest bytea;
BEGIN
	bits := length(message) * 8;
	message := message || '\x80'::bytea;
	message := message || decode(repeat('00', (120 - length(message) % 64) % 64), 'hex') || int8send(bits);
	FOR start IN 0 .. length(message) - 1 BY 64 LOOP
		FOR t IN 0 .. 79 LOOP
			IF t < 16 THEN
				w[t] := (get_byte(message, start + 4 * t)::bigint << 24) | (get_byte(message, start + 4 * t + 1) << 16)
					| (get_byte(message, start + 4 * t + 2) << 8) | get_byte(message, start + 4 * t + 3);
			ELSE
				mixed := w[t - 3] # w[t - 8] # w[t - 14] # w[t - 16];
				w[t] := ((mixed << 1) | (mixed >> 31)) & word;
			END IF;
		END LOOP;
		a := h[1]; b := h[2]; c := h[3]; d := h[4]; e := h[5];
		FOR t IN 0 .. 79 LOOP
			IF t < 20 THEN mixed := ((b & c) | ((word # b) & d)) + 1518500249;
			ELSIF t < 40 THEN mixed := (b # c # d) + 1859775393;
			ELSIF t < 60 THEN mixed := ((b & c) | (b & d) | (c & d)) + 2400959708;
			ELSE mixed := (b # c # d) + 3395469782;
			END IF;
			next := ((((a << 5) | (a >> 27)) & word) + mixed + e + w[t]) & word;
			e := d; d := c; c := ((b << 30) | (b >> 2)) & word; b := a; a := next;
		END LOOP;
		h := ARRAY[(h[1] + a) & word, (h[2] + b) & word, (h[3] + c) & word, (h[4] + d) & word, (h[5] + e) & word];
	END LOOP;
	digest := decode(lpad(to_hex(h[1]), 8, '0') || lpad(to_hex(h[2]), 8, '0') || lpad(to_hex(h[3]), 8, '0') || lpad(to_hex(h[4]), 8, '0'), 'hex');
	digest := set_byte(digest, 6, (get_byte(digest, 6) & 15) | 80);
	digest := set_byte(digest, 8, (get_byte(digest, 8) & 63) | 128);
	RETURN encode(digest, 'hex')::uuid;
END $$;

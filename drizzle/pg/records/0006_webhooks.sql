CREATE TABLE "webhook_deliveries" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"receiver_id" text COLLATE "C" NOT NULL,
	"job_id" text COLLATE "C" NOT NULL,
	"job_type" text COLLATE "C" NOT NULL,
	"owner_id" text COLLATE "C" NOT NULL,
	"event" text NOT NULL,
	"status" text NOT NULL,
	"message" text NOT NULL,
	"error" text,
	"ended_at" timestamp (3) with time zone NOT NULL,
	"attempts" integer NOT NULL,
	"next_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "webhook_receivers" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"seen_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE INDEX "webhook_deliveries_in_line" ON "webhook_deliveries" USING btree ("receiver_id","next_at");--> statement-breakpoint
CREATE INDEX "webhook_deliveries_by_age" ON "webhook_deliveries" USING btree ("ended_at");
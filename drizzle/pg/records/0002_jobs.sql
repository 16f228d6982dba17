CREATE TABLE "jobs" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"owner_id" text COLLATE "C" NOT NULL,
	"type" text COLLATE "C" NOT NULL,
	"title" text,
	"description" text,
	"process" text NOT NULL,
	"payload" text NOT NULL,
	"status" text COLLATE "C" NOT NULL,
	"progress" double precision NOT NULL,
	"message" text NOT NULL,
	"result" text,
	"error" text,
	"log_level" text NOT NULL,
	"plan" text,
	"budget" double precision,
	"costs" double precision,
	"priority" integer NOT NULL,
	"run" integer NOT NULL,
	"attempts" integer NOT NULL,
	"losses" integer NOT NULL,
	"lease_owner" text COLLATE "C",
	"lease_until" timestamp (3) with time zone,
	"idempotency_key" text COLLATE "C",
	"project_id" text COLLATE "C",
	"version_id" text COLLATE "C",
	"created_at" timestamp (3) with time zone NOT NULL,
	"queued_at" timestamp (3) with time zone,
	"next_at" timestamp (3) with time zone,
	"started_at" timestamp (3) with time zone,
	"completed_at" timestamp (3) with time zone,
	"updated_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE INDEX "jobs_by_age" ON "jobs" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "jobs_of_owner" ON "jobs" USING btree ("owner_id","created_at","id");--> statement-breakpoint
CREATE INDEX "jobs_of_project" ON "jobs" USING btree ("project_id","created_at","id");--> statement-breakpoint
CREATE INDEX "jobs_in_line" ON "jobs" USING btree ("status","owner_id","type");--> statement-breakpoint
CREATE UNIQUE INDEX "jobs_by_idempotency_key" ON "jobs" USING btree ("owner_id","idempotency_key");
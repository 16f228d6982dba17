import type { Assignment, AssignmentStage, TransitionRecord } from '../../tiles/types';

/** A held tile as both dialects select it. Instants are dates in PostgreSQL, milliseconds in SQLite. */
export interface AssignmentRow {
  readonly z: number;
  readonly x: number;
  readonly y: number;
  readonly user_id: string;
  readonly stage: string;
  readonly data: string | null;
  readonly claimed_at: Date | number;
  readonly updated_at: Date | number;
}

export const assignmentColumns = 'z, x, y, user_id, stage, data, claimed_at, updated_at';

export interface HistoryRow {
  readonly z: number;
  readonly x: number;
  readonly y: number;
  readonly user_id: string;
  readonly actor_id: string;
  readonly from_stage: string;
  readonly to_stage: string;
  readonly at: Date | number;
}

export const historyColumns = 'z, x, y, user_id, actor_id, from_stage, to_stage, at';

export function readAssignment(
  serviceId: string,
  row: AssignmentRow,
  stage = row.stage as AssignmentStage,
): Assignment {
  return {
    serviceId,
    tile: { z: row.z, x: row.x, y: row.y },
    stage,
    userId: row.user_id,
    ...(row.data === null ? {} : { data: JSON.parse(row.data) as unknown }),
    claimedAt: new Date(row.claimed_at),
    updatedAt: new Date(row.updated_at),
  };
}

export function readTransition(serviceId: string, row: HistoryRow): TransitionRecord {
  return {
    serviceId,
    tile: { z: row.z, x: row.x, y: row.y },
    userId: row.user_id,
    actorId: row.actor_id,
    from: row.from_stage as TransitionRecord['from'],
    to: row.to_stage as TransitionRecord['to'],
    at: new Date(row.at),
  };
}

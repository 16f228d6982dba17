/** Why a run was ended from outside: the row is right already, or will be put back in line. */
export class Interruption extends Error {
  override readonly name = 'AbortError';

  /**
   * @param kind `taken`: canceled, removed or leased by another, so nothing may be written any more; `stopping`: the
   *   process ends, and others go on with the job
   */
  constructor(readonly kind: 'taken' | 'stopping') {
    super(kind === 'taken' ? 'The job was canceled or given to another worker' : 'The worker stops');
  }
}

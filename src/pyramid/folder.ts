/** Where the pyramids that a job's process graph makes lie in the object store. */
export function pyramidFolder(jobId: string): string {
  return `pyramids/${jobId}/`;
}

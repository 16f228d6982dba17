'use strict';

/**
 * Ends the run with one plain line. In CI a skipped test is a failure: everything that tests can use is installed there.
 */
class SummaryReporter {
  onRunComplete(_, results) {
    const skipped = results.numPendingTests + results.numTodoTests;
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    if (process.env.CI && skipped > 0) {
      const names = results.testResults.flatMap((suite) =>
        suite.testResults
          .filter((test) => test.status === 'pending' || test.status === 'todo')
          .map((test) => test.fullName),
      );
      this.error = new Error(`Skipped in CI:\n${names.map((name) => `  ${name}`).join('\n')}`);
      process.stdout.write(`${this.error.message}\n`);
    }
    process.stdout.write(`\n${results.numPassedTests} passed, ${failed} failed, ${skipped} skipped\n`);
  }

  getLastError() {
    return this.error;
  }
}

module.exports = SummaryReporter;

// What comes of tests for a mesh.
import type { Problem } from "./types.js";

/** A field of an expectation that is not met. */
export interface Difference {
  /** The field, as `status`. */
  readonly field: string;
  /** What is expected, as it is written. */
  readonly expected: unknown;
  /** What came, in the same words. */
  readonly found: unknown;
}

/** Why a test failed. */
export interface TestFailure {
  /**
   * Something else came, nothing is expected, a claim does not hold or is not decided, or the snapshot does not have who asks or is
   * asked.
   */
  readonly sort: "differs" | "nothing-expected" | "refuted" | "not-decided" | "not-traced";
  /** What is wrong, on one line. */
  readonly message: string;
  readonly differences: readonly Difference[];
  /** The way of the request, as `waypoint-xds trace` tells it. */
  readonly way: string;
}

/** What came of one test, or of one variant of it. */
export interface MeshTest {
  readonly file: string;
  /** The line where it starts. */
  readonly line: number;
  readonly name: string;
  /** Why it failed; null where it passed. */
  readonly failure: TestFailure | null;
}

/** What came of all tests. */
export interface TestReport {
  readonly tests: readonly MeshTest[];
  /** What is wrong with the files of tests. */
  readonly problems: readonly Problem[];
  /** Whether all passed, and all files could be read. */
  readonly passed: boolean;
  /** How many tests failed. */
  readonly failed: number;
}

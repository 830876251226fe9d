interface Use {
  liveBytes: number;
  liveRecords: number;
  standings: number;
}

/**
 * What of each segment is still needed: entry records that a partition may read, and newest
 * standings. A segment of which nothing is needed may go, oldest first.
 */
export class SegmentUse {
  private readonly uses = new Map<number, Use>();
  /** Where records were added last: nearly always where the next goes. */
  private newestSegment = -1;
  private newest: Use | null = null;
  /** Bytes of all live entry records. */
  liveBytes = 0;

  addRecord(segment: number, bytes: number): void {
    if (segment !== this.newestSegment || this.newest === null) {
      this.newestSegment = segment;
      this.newest = this.of(segment);
    }
    const use = this.newest;
    use.liveBytes += bytes;
    use.liveRecords += 1;
    this.liveBytes += bytes;
  }

  dropRecord(segment: number, bytes: number): void {
    const use = this.of(segment);
    use.liveBytes -= bytes;
    use.liveRecords -= 1;
    this.liveBytes -= bytes;
  }

  /** A partition's newest standing moved from one segment (−1: none) to another. */
  moveStanding(from: number, to: number): void {
    if (from >= 0) this.of(from).standings -= 1;
    this.of(to).standings += 1;
  }

  isNeeded(segment: number): boolean {
    const use = this.uses.get(segment);
    return use !== undefined && (use.liveRecords > 0 || use.standings > 0);
  }

  forget(segment: number): void {
    this.uses.delete(segment);
    if (segment === this.newestSegment) this.newest = null;
  }

  private of(segment: number): Use {
    let use = this.uses.get(segment);
    if (use === undefined) {
      use = { liveBytes: 0, liveRecords: 0, standings: 0 };
      this.uses.set(segment, use);
    }
    return use;
  }
}

/** Why a frame was refused before its content was looked at. */
export type Refusal =
  | 'malformed'
  | 'version'
  | 'cluster'
  | 'incarnation'
  | 'receiver'
  | 'sender'
  | 'signature'
  | 'replay'
  | 'reply'
  | 'size';

/** Counts of frames by direction and of refusals by reason: what `Transport.stats()` shows. */
export class TransportCounters {
  framesSent = 0;
  framesReceived = 0;
  bytesSent = 0;
  bytesReceived = 0;
  private readonly refused: Record<string, number> = {};

  sent(bytes: number): void {
    this.framesSent += 1;
    this.bytesSent += bytes;
  }

  received(bytes: number): void {
    this.framesReceived += 1;
    this.bytesReceived += bytes;
  }

  refuse(reason: Refusal): void {
    this.refused[reason] = (this.refused[reason] ?? 0) + 1;
  }

  snapshot(): {
    framesSent: number;
    framesReceived: number;
    bytesSent: number;
    bytesReceived: number;
    refused: Readonly<Record<string, number>>;
  } {
    const { framesSent, framesReceived, bytesSent, bytesReceived } = this;
    return { framesSent, framesReceived, bytesSent, bytesReceived, refused: { ...this.refused } };
  }
}

import { invariant } from '@metad/foundation';
import { headers, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { outgoing } from '../../app/nats/outgoing-text.js';
import type { FeedPorts } from './event-feed.js';

const POSITION = 'Metad-Position';

/** What of `MsgHdrs` a publish asks for. */
interface EncodedHeaders {
  encode(): Uint8Array;
}

/**
 * The one header of every event, written straight away: the client library's own headers, which
 * check and fold names that are constant here, cost more than the event's text.
 */
class PositionHeader implements EncodedHeaders {
  position = '';

  encode(): Uint8Array {
    return outgoing(`NATS/1.0\r\n${POSITION}: ${this.position}\r\n\r\n`);
  }
}

/**
 * Publishes with the header that tells where an event stands. The header is one object for all
 * messages: `publish` has written it before it returns.
 */
export function publisherWithPosition(connection: NatsConnection): FeedPorts['publish'] {
  const header = new PositionHeader();
  mustBeWhatTheLibraryWrites(header);
  const options = { headers: header as unknown as MsgHdrs };
  return (subject, payload, position) => {
    if (connection.isClosed()) return;
    header.position = position;
    connection.publish(subject, payload, options);
  };
}

/** Once for every connection, so that a new version of the library cannot change it unnoticed. */
function mustBeWhatTheLibraryWrites(header: PositionHeader): void {
  header.position = 'm1.0.1.1';
  const own = headers();
  own.set(POSITION, header.position);
  const expected = (own as unknown as EncodedHeaders).encode();
  invariant(
    Buffer.from(header.encode()).equals(expected),
    'the header of an event is written as the client library writes headers',
  );
}

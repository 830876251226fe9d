import type { KindDefinition } from '../kind.js';
import { ROUTING_TABLE_COMMANDS } from './routing-table.commands.js';
import { routingTableDecider } from './routing-table.decider.js';
import { ROUTING_TABLE_EVENTS } from './routing-table.events.js';
import { ROUTING_TABLE } from './routing-table.record.js';
import type { RoutingTableValue } from './routing-table.record.js';

export const ROUTING_TABLE_KIND: KindDefinition<RoutingTableValue> = {
  kind: ROUTING_TABLE,
  commands: ROUTING_TABLE_COMMANDS,
  decider: routingTableDecider,
  events: ROUTING_TABLE_EVENTS,
  idOf: (key) => key,
};

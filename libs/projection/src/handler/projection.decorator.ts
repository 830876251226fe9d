import 'reflect-metadata';
import { Injectable } from '@nestjs/common';
import type {
  EventClass,
  FailurePolicy,
  ProjectionDefinition,
  ProjectionHandler,
} from './projection-handler.js';
import type { TableShape } from '../table/table-shape.js';

/**
 * The key under which `@EventsHandler` of `@nestjs/cqrs` keeps its classes. The package does not
 * export it; this is the only place that knows it, and its spec fails when the package moves.
 */
export const EVENTS_HANDLER_METADATA = '__eventsHandler__';
const PROJECTION_METADATA = 'metad:projection';

export interface ProjectionOptions {
  readonly name: string;
  readonly tables: readonly TableShape[];
  /** Default `halt`. */
  readonly onFailure?: FailurePolicy;
  /** True: all events; then no `@EventsHandler` is needed. */
  readonly everyEvent?: boolean;
}

interface ProjectionMetadata {
  readonly options: ProjectionOptions;
  readonly classes: readonly EventClass[] | null;
}

type HandlerClass = abstract new (...args: never[]) => ProjectionHandler;

/**
 * Marks a class as a projection. Stands above `@EventsHandler`, whose list of events it takes over:
 * Nest's EventBus neither awaits nor orders its handlers, so it must not find a projection.
 */
export function Projection(options: ProjectionOptions) {
  return (target: HandlerClass): void => {
    const classes = Reflect.getOwnMetadata(EVENTS_HANDLER_METADATA, target) as
      readonly EventClass[] | undefined;
    if (!classes && options.everyEvent !== true) {
      throw new TypeError(`@Projection of ${target.name} must stand above its @EventsHandler`);
    }
    Reflect.deleteMetadata(EVENTS_HANDLER_METADATA, target);
    const metadata: ProjectionMetadata = { options, classes: classes ?? null };
    Reflect.defineMetadata(PROJECTION_METADATA, metadata, target);
    Injectable()(target);
  };
}

/** The definition of a handler declared with `@Projection`, or null for any other object. */
export function projectionOf(instance: object): ProjectionDefinition | null {
  const metadata = Reflect.getMetadata(PROJECTION_METADATA, instance.constructor) as
    ProjectionMetadata | undefined;
  if (!metadata) return null;
  const { name, tables, onFailure = 'halt' } = metadata.options;
  const handler = instance as ProjectionHandler;
  const { classes } = metadata;
  const events = classes ? new Set(classes.map((type) => type.name)) : null;
  return { name, tables, onFailure, events, eventClasses: classes ?? [], handler };
}

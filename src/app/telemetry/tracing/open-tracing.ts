import type { SpanExporter } from '@opentelemetry/sdk-trace-base';
import { Tracing } from './tracing.js';

export interface TracingSettings {
  /** Of the OTLP receiver, `http://collector:4318`. */
  readonly endpoint: string;
  /** Part of the commands that are kept, 0 to 1, unless the caller's trace decides. */
  readonly ratio: number;
}

interface TracedNode {
  readonly node: string;
  readonly cluster: string;
  readonly version: string;
}

/** Loads OpenTelemetry, which a node without tracing never does. `exporter` is for tests. */
export async function openTracing(
  { endpoint, ratio }: TracingSettings,
  { node, cluster, version }: TracedNode,
  exporter?: SpanExporter,
): Promise<Tracing> {
  const { ROOT_CONTEXT, SpanStatusCode, trace } = await import('@opentelemetry/api');
  const { BasicTracerProvider, BatchSpanProcessor } = await import('@opentelemetry/sdk-trace-base');
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http');
  const { resourceFromAttributes } = await import('@opentelemetry/resources');
  const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`;
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({
      'service.name': 'metad',
      'service.namespace': cluster,
      'service.instance.id': node,
      'service.version': version,
    }),
    // Its queue is bounded: spans are dropped before a receiver that is away costs memory.
    spanProcessors: [new BatchSpanProcessor(exporter ?? new OTLPTraceExporter({ url }))],
  });
  const tracer = provider.getTracer('metad', version);
  return new Tracing(
    (name, parent, endTime, { failure = null, startTime, ...options }) => {
      const context = parent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
      const times = { startTime: performance.timeOrigin + startTime };
      const span = tracer.startSpan(name, { ...options, ...times }, context);
      if (failure !== null) span.setStatus({ code: SpanStatusCode.ERROR, message: failure });
      span.end(performance.timeOrigin + endTime);
      return span.spanContext();
    },
    ratio,
    () => provider.shutdown(),
  );
}

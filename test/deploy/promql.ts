/** Words of PromQL that are no metric: functions, aggregations, operators. */
const WORDS = new Set(
  (
    'sum min max avg count by without on ignoring group_left group_right and or unless ' +
    'offset bool rate increase irate histogram_quantile topk bottomk abs time absent ' +
    'delta deriv predict_linear ' +
    'avg_over_time max_over_time min_over_time label_values'
  ).split(' '),
);

export interface Identifiers {
  readonly metrics: readonly string[];
  readonly labels: readonly string[];
}

/** Every metric and label that an expression names. No parser, but it finds what is not there. */
export function identifiersOf(expression: string): Identifiers {
  const labels: string[] = [];
  const note = (list: string): string => {
    for (const [, name] of list.matchAll(/([A-Za-z_]\w*)\s*(?:=~|!~|!=|=|,|$)/g)) {
      labels.push(name ?? '');
    }
    return ' ';
  };
  const bare = expression
    .replace(/"(?:[^"\\]|\\.)*"/g, '')
    .replace(/\[[^\]]*\]/g, ' ')
    .replace(/\{([^}]*)\}/g, (_, list: string) => note(list))
    .replace(
      /\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)/g,
      (_, list: string) => note(list),
    );
  const names = [...bare.matchAll(/(?<![\w.])[A-Za-z_:][\w:]*/g)].map(([name]) => name);
  return { metrics: names.filter((name) => !WORDS.has(name)), labels };
}

import { invariant } from '@metad/foundation';

/** A kind and a namespace: what many records have in common. */
export interface RecordName {
  readonly kind: string;
  readonly namespace: string;
}

/** Numbers for the names that records bear now; the number of one that is gone is given again. */
export class RecordNames {
  private readonly numbers = new Map<string, Map<string, number>>();
  private readonly names: (RecordName | null)[] = [];
  private readonly counts: number[] = [];
  private readonly gaps: number[] = [];

  /** The number of a name; -1 when no record bears it. */
  find(kind: string, namespace: string): number {
    return this.numbers.get(kind)?.get(namespace) ?? -1;
  }

  nameOf(number: number): RecordName {
    const name = this.names[number];
    invariant(name !== null && name !== undefined, 'a record bears a name that is known');
    return name;
  }

  /** How many records bear the name. */
  countOf(number: number): number {
    return this.counts[number] ?? 0;
  }

  /** One more record bears this name, whose number is returned. */
  add(kind: string, namespace: string): number {
    let namespaces = this.numbers.get(kind);
    if (namespaces === undefined) {
      namespaces = new Map<string, number>();
      this.numbers.set(kind, namespaces);
    }
    let number = namespaces.get(namespace);
    if (number === undefined) {
      number = this.gaps.pop() ?? this.names.length;
      namespaces.set(namespace, number);
      this.names[number] = { kind, namespace };
      this.counts[number] = 0;
    }
    this.counts[number] = (this.counts[number] as number) + 1;
    return number;
  }

  /** One record fewer bears it. */
  remove(number: number): void {
    const left = this.countOf(number) - 1;
    this.counts[number] = left;
    if (left > 0) return;
    const { kind, namespace } = this.nameOf(number);
    this.numbers.get(kind)?.delete(namespace);
    this.names[number] = null;
    this.gaps.push(number);
  }

  /** All of them by number, as they are now. */
  list(): readonly (RecordName | null)[] {
    return [...this.names];
  }
}

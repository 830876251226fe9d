import { Presets, SingleBar } from 'cli-progress';

/** How far a long piece of work has come. On a terminal a bar, elsewhere a line now and then. */
export interface Progress {
  update(done: number, total: number, note?: string): void;
  /** Takes the bar away; what follows is printed below. */
  end(): void;
}

const lineIntervalMs = 5_000;

export function openProgress(
  title: string,
  unit: string,
  err: NodeJS.WriteStream = process.stderr,
): Progress {
  return err.isTTY ? new BarProgress(title, unit, err) : new LineProgress(title, unit, err);
}

class BarProgress implements Progress {
  private readonly bar: SingleBar;
  private readonly startedAt = performance.now();
  private isStarted = false;

  constructor(title: string, unit: string, stream: NodeJS.WriteStream) {
    this.bar = new SingleBar(
      {
        stream,
        format: `${title} {bar} {percentage}% | {value}/{total} ${unit} | {pace} | {note}`,
        hideCursor: true,
        fps: 10,
      },
      Presets.shades_classic,
    );
  }

  update(done: number, total: number, note = ''): void {
    const pace = paceText(done, total, performance.now() - this.startedAt);
    if (!this.isStarted) this.bar.start(total, done, { pace, note });
    this.isStarted = true;
    this.bar.setTotal(total);
    this.bar.update(done, { pace, note });
  }

  end(): void {
    if (this.isStarted) this.bar.stop();
  }
}

class LineProgress implements Progress {
  private readonly startedAt = performance.now();
  private saidAt = performance.now();

  constructor(
    private readonly title: string,
    private readonly unit: string,
    private readonly stream: NodeJS.WriteStream,
  ) {}

  update(done: number, total: number, note = ''): void {
    const now = performance.now();
    if (now - this.saidAt < lineIntervalMs) return;
    this.saidAt = now;
    const percent = total === 0 ? 0 : Math.floor((done / total) * 100);
    const pace = paceText(done, total, now - this.startedAt);
    const text = `${this.title} ${percent}% ${done}/${total} ${this.unit}, ${pace} ${note}`;
    this.stream.write(`${text.trimEnd()}\n`);
  }

  end(): void {
    // Lines stand for themselves.
  }
}

/** `1,234/s, 12 s left`. */
export function paceText(done: number, total: number, elapsedMs: number): string {
  if (done === 0 || elapsedMs <= 0) return 'starting';
  const rate = done / (elapsedMs / 1_000);
  const left = rate > 0 ? Math.max(0, total - done) / rate : 0;
  return `${rateText(rate)}/s, ${durationText(left * 1_000)} left`;
}

export function rateText(rate: number): string {
  return rate >= 100 ? Math.round(rate).toLocaleString('en-US') : rate.toFixed(1);
}

export function durationText(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`;
}

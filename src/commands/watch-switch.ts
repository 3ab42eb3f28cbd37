export interface WatchSwitchOptions {
  /** Watches until the signal is aborted. */
  readonly run: (signal: AbortSignal) => Promise<unknown>;
  /** Ends the watching for good. */
  readonly signal: AbortSignal;
  /** Told when watching begins and when it has come to its end, with the error where one ended it. */
  readonly onChange: (isOn: boolean, error?: unknown) => void;
}

/** Watching that is turned on and off while something else goes on. */
export interface WatchSwitch {
  /** The other way round; while it is being turned off this does nothing. */
  toggle(): void;
  /** Turns it off, and resolves when it has come to its end. */
  off(): Promise<void>;
}

/** A switch that is off. */
export function openWatchSwitch({ run, signal, onChange }: WatchSwitchOptions): WatchSwitch {
  let over: AbortController | undefined;
  let running: Promise<void> = Promise.resolve();

  const on = async (mine: AbortController) => {
    onChange(true);
    let failure: { error: unknown } | undefined;
    try {
      await run(AbortSignal.any([signal, mine.signal]));
    } catch (error) {
      failure = { error };
    }
    over = undefined;
    onChange(false, failure?.error);
  };

  return {
    toggle: () => {
      if (over !== undefined) over.abort();
      else if (!signal.aborted) {
        over = new AbortController();
        running = on(over);
      }
    },
    off: () => {
      over?.abort();
      return running;
    },
  };
}

import type { LogStream } from "./log-writer.ts";
import type { Style } from "./style.ts";

/** A line of keys below the containers' output. */
export interface Menu {
  /** Output that leaves the menu below it; as it is while the menu is closed. */
  readonly streams: Readonly<Record<LogStream, { write(data: Buffer): unknown }>>;
  /** Shows it and takes the keys. */
  open(): void;
  /** Takes it away; the terminal is as it was. */
  close(): void;
  /** Resolves when `d` is pressed. */
  readonly detached: Promise<void>;
  /** Offers watching by `w`; off at first. */
  offerWatch(toggle: () => void): void;
  /** Shows which way `w` turns it next. */
  showWatch(isOn: boolean): void;
}

/** What a menu needs of the process. */
export interface MenuTerminal {
  readonly stdin: Pick<NodeJS.ReadStream, "setRawMode" | "on" | "off" | "pause" | "resume">;
  readonly stdout: Pick<NodeJS.WriteStream, "on" | "off"> & {
    write(data: string | Buffer): unknown;
    readonly columns?: number;
  };
  readonly stderr: { write(data: string | Buffer): unknown };
  /** Sends this process a signal, as the terminal does where it is not raw. */
  readonly signal: (name: "SIGINT" | "SIGTSTP") => void;
}

const keys = { ctrlC: 3, ctrlZ: 26, enter: 13, d: 100, w: 119 } as const;

/** The menu of `up`, closed at first. While it is open the terminal is raw: Ctrl-C and Ctrl-Z are passed on. */
export function makeMenu({ stdin, stdout, stderr, signal }: MenuTerminal, style: Style): Menu {
  const detached = Promise.withResolvers<void>();
  let isOpen = false;
  /** How many characters of it are on the screen. */
  let shown = 0;
  let watch: { readonly toggle: () => void; readonly isOn: boolean } | undefined;
  const draw = () => {
    const offers: [key: string, does: string][] = [
      ...(watch === undefined ? [] : [["w", watch.isOn ? "Disable Watch" : "Enable Watch"] as [string, string]]),
      ["d", "Detach"],
      ["Ctrl+C", "Stop"],
    ];
    const length = offers.map((offer) => offer.join(" ")).join("   ").length;
    const text = offers.map(([key, does]) => `${style("bold", key)} ${does}`).join("   ");
    shown = length > columns() - 1 ? 0 : length;
    stdout.write(shown === 0 ? "" : text);
  };
  const columns = () => stdout.columns ?? 80;
  const clear = () => {
    // A terminal that has become narrower shows it on several lines.
    const above = Math.max(1, Math.ceil(shown / columns())) - 1;
    stdout.write(above === 0 ? "\r\x1b[2K" : `\r\x1b[${above}A\x1b[J`);
    shown = 0;
  };
  const redraw = () => {
    if (!isOpen) return;
    clear();
    draw();
  };
  const around = (target: { write(data: string | Buffer): unknown }) => ({
    write: (data: Buffer) => {
      if (isOpen) clear();
      const written = target.write(data);
      if (isOpen) draw();
      return written;
    },
  });
  const close = () => {
    if (!isOpen) return;
    isOpen = false;
    stdin.off("data", onKeys);
    stdin.setRawMode(false);
    stdin.pause();
    stdout.off("resize", redraw);
    clear();
  };
  const open = () => {
    if (isOpen) return;
    isOpen = true;
    stdin.setRawMode(true);
    stdin.on("data", onKeys);
    stdin.resume();
    stdout.on("resize", redraw);
    draw();
  };
  const onKeys = (typed: Buffer) => {
    for (const key of typed) {
      if (key === keys.d) detached.resolve();
      else if (key === keys.w) watch?.toggle();
      else if (key === keys.ctrlC) signal("SIGINT");
      else if (key === keys.enter) {
        clear();
        stdout.write("\n");
        draw();
      } else if (key === keys.ctrlZ) {
        // Until the shell lets it go on, the terminal is the shell's.
        close();
        process.once("SIGCONT", open);
        signal("SIGTSTP");
      }
    }
  };
  return {
    streams: { stdout: around(stdout), stderr: around(stderr) },
    open,
    close,
    detached: detached.promise,
    offerWatch: (toggle) => {
      watch = { toggle, isOn: false };
    },
    showWatch: (isOn) => {
      if (watch === undefined) return;
      watch = { ...watch, isOn };
      redraw();
    },
  };
}

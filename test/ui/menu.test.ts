import { EventEmitter } from "node:events";
import { expect, it } from "vitest";
import { makeMenu } from "../../src/ui/menu.ts";
import { makeStyle } from "../../src/ui/style.ts";

/** A terminal that keeps what is written, and whose keys are pressed by hand. */
function terminal(width = 80) {
  const screen: string[] = [];
  const signals: string[] = [];
  const raw: boolean[] = [];
  const keyboard = new EventEmitter();
  const write = (data: string | Buffer) => screen.push(String(data));
  const stdout = Object.assign(new EventEmitter(), { write, columns: width });
  const stdin = Object.assign(keyboard, {
    setRawMode: (on: boolean) => raw.push(on),
    pause: () => keyboard,
    resume: () => keyboard,
  });
  const menu = makeMenu(
    {
      stdin: stdin as unknown as NodeJS.ReadStream,
      stdout: stdout as unknown as NodeJS.WriteStream,
      stderr: { write },
      signal: (name) => signals.push(name),
    },
    makeStyle(false),
  );
  const resize = (columns: number) => {
    stdout.columns = columns;
    stdout.emit("resize");
  };
  return { menu, screen, signals, raw, resize, press: (keys: string) => keyboard.emit("data", Buffer.from(keys)) };
}

it("stays below the output, and is drawn anew only when there is some", () => {
  const { menu, screen } = terminal();
  menu.streams.stdout.write(Buffer.from("one\n"));
  menu.open();
  menu.streams.stdout.write(Buffer.from("two\n"));
  menu.close();
  menu.streams.stderr.write(Buffer.from("three\n"));
  const line = "d Detach   Ctrl+C Stop";
  const clear = "\r\x1b[2K";
  expect(screen).toEqual(["one\n", line, clear, "two\n", line, clear, "three\n"]);
});

it("detaches by d, and passes Ctrl-C on, again and again", async () => {
  const { menu, signals, press } = terminal();
  menu.open();
  press("\x03");
  press("x\x03");
  expect(signals).toEqual(["SIGINT", "SIGINT"]);
  press("d");
  await menu.detached;
});

it("leaves the terminal as it was", () => {
  const { menu, raw, press, signals } = terminal();
  menu.open();
  menu.close();
  menu.close();
  expect(raw).toEqual([true, false]);
  press("\x03");
  expect(signals).toEqual([]);
});

it("draws nothing that does not fit on one line", () => {
  const { menu, screen } = terminal(10);
  menu.open();
  expect(screen).toEqual([""]);
});

it("is taken away whole where the terminal becomes too narrow, and comes back where it fits again", () => {
  const { menu, screen, resize } = terminal();
  menu.open();
  resize(10);
  resize(30);
  menu.close();
  resize(80);
  const line = "d Detach   Ctrl+C Stop";
  const clear = "\r\x1b[2K";
  expect(screen).toEqual([line, "\r\x1b[2A\x1b[J", "", clear, line, clear]);
});

it("turns watching on and off by w, and says which way it goes next", () => {
  const { menu, screen, press } = terminal();
  let toggled = 0;
  menu.offerWatch(() => {
    toggled++;
  });
  menu.open();
  press("ww");
  expect(toggled).toBe(2);
  menu.showWatch(true);
  menu.close();
  menu.showWatch(false);
  const rest = "   d Detach   Ctrl+C Stop";
  const clear = "\r\x1b[2K";
  expect(screen).toEqual([`w Enable Watch${rest}`, clear, `w Disable Watch${rest}`, clear]);
});

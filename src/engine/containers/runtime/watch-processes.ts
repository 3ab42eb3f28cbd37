/** Tells when processes end that are not ours to wait for: the monitors that an earlier daemon started. */

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { plainEnvironment } from "./run.ts";

/**
 * Node cannot open pidfds; Perl, which every Debian has (perl-base), can by the number of the call (434 on all processors).
 * One program watches all of them, without polling, and ends with its standard input. A process that is gone already is
 * told of at once.
 * Source: pidfd_open(2): the descriptor becomes readable when the process ends.
 */
const program = `
use strict;
$| = 1;
my %pid;
for my $pid (@ARGV) {
  my $fd = syscall(434, $pid + 0, 0);
  if ($fd < 0) { print "$pid\\n"; next; }
  $pid{$fd} = $pid;
}
while (1) {
  my $wait = "";
  vec($wait, $_, 1) = 1 for (0, keys %pid);
  select(my $ready = $wait, undef, undef, undef) > 0 or next;
  exit 0 if vec($ready, 0, 1);
  for my $fd (keys %pid) {
    next unless vec($ready, $fd, 1);
    print "$pid{$fd}\\n";
    require POSIX; POSIX::close($fd);
    delete $pid{$fd};
  }
}
`;

/** `ended` is called once for each PID, when that process has ended. `failed`: nothing is watched any more. */
export function watchProcesses(
  pids: readonly number[],
  ended: (pid: number) => void,
  failed: (reason: string) => void,
): { close(): void } {
  if (pids.length === 0) return { close: () => {} };
  const child = spawn("perl", ["-e", program, "--", ...pids.map(String)], {
    stdio: ["pipe", "pipe", "pipe"],
    env: plainEnvironment,
  });
  let closed = false;
  let words = "";
  child.stderr.on("data", (chunk: Buffer) => (words += chunk.toString()));
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (!closed) ended(Number(line));
  });
  child.stdin.on("error", () => {});
  child.on("error", (error) => failed(error.message));
  child.on("exit", (code) => {
    if (!closed) failed(words.trim() || `perl ended with code ${code}`);
  });
  return {
    close: () => {
      closed = true;
      child.stdin.end();
    },
  };
}

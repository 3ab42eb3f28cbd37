/**
 * Two small programs in Perl, which every Debian has (perl-base): Node can neither open conmon's socket (SOCK_SEQPACKET) nor
 * a pseudo-terminal. They relay bytes and know nothing else.
 */

import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";

/**
 * Standard input → packets to conmon's socket; the end of the input is passed on as a half-close. conmon sends the
 * container's output to every client and waits for slow ones, so it is read and dropped: the log has it. The socket is called by
 * its name from within its folder, because an address of a socket has room for 107 bytes (unix(7)).
 * Source: conmon src/conn_sock.c.
 */
const attachProgram = `
use strict; use Socket;
my ($folder, $name) = @ARGV;
chdir($folder) or die "$folder: $!\\n";
socket(my $conmon, AF_UNIX, SOCK_SEQPACKET, 0) or die "socket: $!\\n";
connect($conmon, pack_sockaddr_un($name)) or die "connect: $!\\n";
my $open = 1;
while (1) {
  my $wait = "";
  vec($wait, fileno($conmon), 1) = 1;
  vec($wait, 0, 1) = 1 if $open;
  select(my $ready = $wait, undef, undef, undef) > 0 or next;
  if (vec($ready, fileno($conmon), 1)) {
    my $from = recv($conmon, my $packet, 16384, 0);
    exit 0 if !defined $from || length($packet) == 0;
  }
  if ($open && vec($ready, 0, 1)) {
    my $count = sysread(STDIN, my $input, 32768);
    if ($count) { defined send($conmon, $input, 0) or exit 0; }
    else { $open = 0; shutdown($conmon, 1); }
  }
}
`;

/** A relay from its standard input to a container's. Ends by itself when the container does. */
export function openAttachRelay(socket: string): ChildProcess {
  return startPerl(attachProgram, [path.dirname(socket), path.basename(socket)], ["pipe", "ignore", "pipe"]);
}

/**
 * Runs a program on a pseudo-terminal of its own: standard input and output are the terminal's other side, descriptor 3
 * takes its size as lines "rows columns". Exits with the program's code, 128 and the signal's number where a signal ended it.
 * Source: pty(7), ioctl_tty(2).
 */
const terminalProgram = `
use strict; use Fcntl; use POSIX ();
my ($rows, $columns, $pidFile, @command) = @ARGV;
my ($TIOCGPTN, $TIOCSPTLCK, $TIOCSWINSZ) = (0x80045430, 0x40045431, 0x5414);
sysopen(my $master, "/dev/ptmx", O_RDWR | O_NOCTTY) or die "/dev/ptmx: $!\\n";
my $unlock = pack("i", 0);
ioctl($master, $TIOCSPTLCK, $unlock) or die "unlock: $!\\n";
my $number = pack("i", 0);
ioctl($master, $TIOCGPTN, $number) or die "number: $!\\n";
my $slave = "/dev/pts/" . unpack("i", $number);
my $pending;
sub resize { my $size = pack("S4", $_[0], $_[1], 0, 0); ioctl($master, $TIOCSWINSZ, $size); return $size; }
# The process has a terminal of the container's (a device of a major from 136 to 143), whose size crun sets once.
sub passOn {
  open(my $file, "<", $pidFile) or return;
  my ($process) = (<$file> // "") =~ /^([0-9]+)/ or return;
  my $terminal = "/proc/$process/fd/0";
  my $major = ((stat $terminal)[6] // 0) >> 8;
  my $size = $pending;
  $pending = undef;
  $major >= 136 && $major <= 143 && sysopen(my $inner, $terminal, O_RDWR | O_NOCTTY | O_NONBLOCK) or return;
  ioctl($inner, $TIOCSWINSZ, $size);
}
resize($rows, $columns) if $rows && $columns;
open(my $sizes, "<&=", 3) or die "descriptor 3: $!\\n";
my $pid = fork();
defined $pid or die "fork: $!\\n";
if ($pid == 0) {
  POSIX::setsid();
  sysopen(my $terminal, $slave, O_RDWR) or die "$slave: $!\\n";
  POSIX::dup2(fileno($terminal), $_) for 0, 1, 2;
  POSIX::close($_) for 3 .. 64;
  exec { $command[0] } @command or die "$command[0]: $!\\n";
}
sub writeAll {
  my ($to, $bytes) = @_;
  while (length $bytes) {
    my $count = syswrite($to, $bytes);
    if (!defined $count) { next if $!{EINTR}; return 0; }
    substr($bytes, 0, $count, "");
  }
  return 1;
}
$SIG{PIPE} = "IGNORE";
my ($input, $control, $lines) = (1, 1, "");
while (1) {
  my $wait = "";
  vec($wait, fileno($master), 1) = 1;
  vec($wait, 0, 1) = 1 if $input;
  vec($wait, 3, 1) = 1 if $control;
  # Until the process is there, its size waits.
  my $count = select(my $ready = $wait, undef, undef, defined $pending ? 0.02 : undef);
  passOn() if defined $pending;
  $count > 0 or next;
  if (vec($ready, 3, 1)) {
    my $count = sysread($sizes, $lines, 4096, length $lines);
    $control = 0 unless $count;
    $pending = resize($1, $2) while $lines =~ s/^(\\d+) (\\d+)\\n//;
    passOn() if defined $pending;
  }
  if (vec($ready, fileno($master), 1)) {
    # EIO: the last one on the other side has gone.
    my $count = sysread($master, my $output, 32768);
    last unless $count;
    writeAll(\\*STDOUT, $output);
  }
  if ($input && vec($ready, 0, 1)) {
    my $count = sysread(STDIN, my $typed, 32768);
    $input = 0 unless $count && writeAll($master, $typed);
  }
}
waitpid($pid, 0);
exit(($? & 127) ? 128 + ($? & 127) : $? >> 8);
`;

/**
 * Starts a runtime on a terminal; its process's stdin and stdout are the terminal, `stdio[3]` takes sizes.
 *
 * @param pidFile where the runtime writes the PID of the process that it starts in a container, which has a terminal of its own
 */
export function openTerminal(
  command: readonly string[],
  size: { readonly rows: number; readonly columns: number } | undefined,
  pidFile: string,
): ChildProcess {
  const numbers = [String(size?.rows ?? 0), String(size?.columns ?? 0)];
  return startPerl(terminalProgram, [...numbers, pidFile, ...command], ["pipe", "pipe", "pipe", "pipe"]);
}

function startPerl(program: string, args: readonly string[], stdio: ("pipe" | "ignore")[]): ChildProcess {
  return spawn("perl", ["-e", program, "--", ...args], {
    stdio,
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C", TERM: "xterm" },
  });
}

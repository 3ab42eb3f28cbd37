import http from "node:http";

enum Tone {
  Quiet = "Hello",
  Loud = "HELLO",
}

function greet(tone: Tone, name: string): string {
  return `${tone}, ${name}`;
}

const server = http.createServer((_, answer) => {
  answer.end(`${greet(Tone.Quiet, "compiled world")}\n`);
});
server.listen(8080);
process.once("SIGTERM", () => process.exit());

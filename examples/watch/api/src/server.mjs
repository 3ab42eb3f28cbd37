import { readFileSync } from "node:fs";
import http from "node:http";
import { greet } from "./greet.mjs";

const { name } = JSON.parse(readFileSync("settings.json", "utf8"));
const server = http.createServer((_, answer) => answer.end(`${greet(name)}\n`));
server.listen(8080, () => console.log(`says "${greet(name)}"`));

/** The compose files that are measured, as texts. Every container runs a shell that ends at once on SIGTERM. */

export const image = "gantry-bench:1";

const idle = "trap 'exit 0' TERM; sleep 1000000 & wait";
const command = JSON.stringify(["/bin/sh", "-c", idle]);

/** So many services, with nothing but a variable each; `marker` changes the last one's. */
export function plainServices(count, marker = "") {
  const lines = ["services:"];
  for (let i = 1; i <= count; i++) {
    lines.push(
      `  s${i}:`,
      `    image: ${image}`,
      `    command: ${command}`,
      "    environment:",
      `      NUMBER: "${i}${i === count ? marker : ""}"`,
    );
  }
  return `${lines.join("\n")}\n`;
}

/** So many services with everything that a real file has: ports, volumes, health checks, labels, dependencies. */
export function richServices(count) {
  const lines = ["services:"];
  for (let i = 1; i <= count; i++) {
    lines.push(
      `  s${i}:`,
      `    image: ${image}`,
      `    command: ${command}`,
      "    restart: unless-stopped",
      "    environment:",
    );
    for (let v = 0; v < 8; v++) lines.push(`      VARIABLE_${v}: value-\${NAME_${v}:-default}-${i}`);
    lines.push(
      "    ports:",
      `      - "${20000 + i}:80"`,
      "    volumes:",
      `      - data${i}:/data`,
      "      - ./src:/src:ro",
    );
    lines.push(
      "    healthcheck:",
      '      test: ["CMD", "true"]',
      "      interval: 10s",
      "      retries: 3",
      "    labels:",
      `      com.example.n: "${i}"`,
    );
    if (i > 1) lines.push("    depends_on:", `      s${i - 1}:`, "        condition: service_healthy");
  }
  lines.push("volumes:");
  for (let i = 1; i <= count; i++) lines.push(`  data${i}:`);
  return `${lines.join("\n")}\n`;
}

/** So many services, each waiting until the one before it is healthy; `timing`: further lines of the health check. */
export function healthChain(length, timing) {
  const lines = ["services:"];
  for (let i = 1; i <= length; i++) {
    lines.push(
      `  s${i}:`,
      `    image: ${image}`,
      `    command: ${command}`,
      "    healthcheck:",
      '      test: ["CMD", "/bin/true"]',
      ...timing.map((line) => `      ${line}`),
    );
    if (i > 1) lines.push("    depends_on:", `      s${i - 1}:`, "        condition: service_healthy");
  }
  return `${lines.join("\n")}\n`;
}

/** So many services that print so many lines each, and stay. */
export function talkingServices(count, lines) {
  const talk = JSON.stringify(["/bin/sh", "-c", `seq 1 ${lines}; ${idle}`]);
  const services = Array.from({ length: count }, (_, i) => [
    `  s${i + 1}:`,
    `    image: ${image}`,
    `    command: ${talk}`,
  ]);
  return `${["services:", ...services.flat()].join("\n")}\n`;
}

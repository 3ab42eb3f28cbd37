/** The image of the measured containers: busybox and nothing else, imported straight into the engine. */
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { image } from "./projects.mjs";

/** Makes the image on the engine at `host` (unix:// or tcp://), out of /bin/busybox; `folder` takes what that needs. */
export async function makeImage(host, folder) {
  if (!existsSync("/bin/busybox")) throw new Error("bench needs /bin/busybox (apt-get install busybox-static)");
  const rootfs = path.join(folder, "rootfs");
  mkdirSync(path.join(rootfs, "bin"), { recursive: true });
  copyFileSync("/bin/busybox", path.join(rootfs, "bin/busybox"));
  for (const applet of ["sh", "sleep", "true", "seq"]) linkApplet(path.join(rootfs, "bin", applet));
  const tar = execFileSync("tar", ["-C", rootfs, "-c", "."], { maxBuffer: 1 << 28 });
  const [repo, tag] = image.split(":");
  await request(host, "POST", `/images/create?fromSrc=-&repo=${repo}&tag=${tag}`, tar);
}

function linkApplet(file) {
  rmSync(file, { force: true });
  symlinkSync("busybox", file);
}

/** One call of the engine's API; the text of its answer. */
export function request(host, method, requestPath, body, headers = {}) {
  const { promise, resolve, reject } = Promise.withResolvers();
  const address = host.startsWith("unix://")
    ? { socketPath: host.slice(7) }
    : { host: new URL(host).hostname, port: new URL(host).port };
  const call = http.request(
    {
      ...address,
      method,
      path: requestPath,
      headers: body ? { "content-type": "application/x-tar", ...headers } : headers,
    },
    (answer) => {
      const chunks = [];
      answer.on("data", (chunk) => chunks.push(chunk));
      answer.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        answer.statusCode < 300
          ? resolve(text)
          : reject(new Error(`${method} ${requestPath}: ${answer.statusCode} ${text}`));
      });
    },
  );
  call.on("error", reject);
  call.end(body);
  return promise;
}

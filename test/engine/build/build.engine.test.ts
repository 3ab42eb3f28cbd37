import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BuildStand, openBuildStand } from "./stand.ts";

let stand: BuildStand;
beforeAll(async () => {
  stand = await openBuildStand();
});
afterAll(() => stand.remove());

const base = 'FROM scratch AS base\nCOPY busybox /bin/busybox\nRUN ["/bin/busybox", "--install", "-s", "/bin"]\n';

/** BuildKit leaves those too, where a step runs on nothing. */
const mountpoints = ["dev/ d 755 0:0", "proc/ d 755 0:0", "sys/ d 755 0:0"];

describe("a Dockerfile", () => {
  it("becomes an image, with docker's lines; the same again comes from the cache and is the same image", async () => {
    const dockerfile = `${base}COPY app /app\nEXPOSE 8080\nCMD ["httpd", "-f"]\n`;
    const first = await stand.build(dockerfile, { "app/www/index.html": "hello\n" }, { t: ["quick", "other:2"] });
    expect(first.text).toContain("Step 1/6 : FROM scratch AS base\n");
    expect(first.text).toMatch(
      /Step 3\/6 : RUN \[.*\]\n ---> Running in [0-9a-f]{12}\n ---> Removed intermediate container/,
    );
    expect(first.text).toMatch(
      /Successfully built [0-9a-f]{12}\nSuccessfully tagged quick:latest\nSuccessfully tagged other:2\n$/,
    );
    const image = await stand.room.calls.imageInspect({ name: "quick" });
    expect(image.Config).toEqual({
      Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
      Cmd: ["httpd", "-f"],
      ArgsEscaped: true,
      ExposedPorts: { "8080/tcp": {} },
      WorkingDir: "/",
    });
    expect(await stand.files("quick")).toEqual(
      ["app/ d 755 0:0", "app/www/ d 755 0:0", "app/www/index.html f 644 0:0", ...mountpoints].toSorted(),
    );
    const history = await stand.room.calls.imageHistory({ name: "quick" });
    expect(history.map(({ CreatedBy }) => CreatedBy)).toEqual([
      'CMD ["httpd" "-f"]',
      "EXPOSE [8080/tcp]",
      "COPY app /app # buildkit",
      "RUN /bin/busybox --install -s /bin # buildkit",
      "COPY busybox /bin/busybox # buildkit",
    ]);
    const again = await stand.build(dockerfile, { "app/www/index.html": "hello\n" }, { t: ["quick"] });
    expect(again.text.match(/Using cache/g)).toHaveLength(3);
    expect(again.id).toBe(first.id);
    const changed = await stand.build(dockerfile, { "app/www/index.html": "changed\n" });
    expect(changed.text.match(/Using cache/g)).toHaveLength(2);
    expect(changed.id).not.toBe(first.id);
  });

  it("sees variables, works where WORKDIR says, as whom USER says", async () => {
    const { text } = await stand.build(
      `ARG WHERE=/srv\n${base}ARG WHERE\nARG NAME=nobody\nENV GREETING="hello $NAME" FILE=\${NAME%y}x\nWORKDIR $WHERE/\${FILE}\nRUN pwd; echo "$GREETING $NAME $WHERE" > said; cat said; ls -la
COPY <<EOF /etc/passwd
root:x:0:0::/:/bin/sh
app:x:7:8::/:/bin/sh
EOF
USER app
RUN id -u; id -g\n`,
      {},
      { t: ["vars"], buildargs: { NAME: "somebody", UNUSED: "1" } },
    );
    expect(text).toContain("/srv/somebodx\nhello somebody somebody /srv\n");
    expect(text).toContain("7\n8\n");
    expect(text).toContain("[Warning] One or more build-args [UNUSED] were not consumed\n");
    expect(await stand.files("vars")).toEqual(
      expect.arrayContaining([
        "srv/ d 755 0:0",
        "srv/somebodx/ d 755 0:0",
        "srv/somebodx/said f 644 0:0",
        "etc/passwd f 644 0:0",
      ]),
    );
    const { Config } = await stand.room.calls.imageInspect({ name: "vars" });
    expect(Config).toMatchObject({ User: "app", WorkingDir: "/srv/somebodx" });
  });

  it("of several stages builds those that are needed, side by side, and copies between them", async () => {
    const { text } = await stand.build(
      `${base}
FROM base AS left
RUN mkdir -p /out/deep && echo left >/out/deep/left && ln -s deep/left /out/link && chown 5:6 /out/deep/left
FROM base AS unneeded
RUN false
FROM base AS right
RUN echo right >/right
FROM scratch
COPY --from=left /out /out
COPY --from=right --chown=9:9 --chmod=600 /right /deep/er/
COPY --from=left /out/link /followed`,
      {},
      { t: ["stages"] },
    );
    expect(text).not.toContain("RUN false");
    expect(await stand.files("stages")).toEqual([
      "deep/ d 600 9:9",
      "deep/er/ d 600 9:9",
      "deep/er/right f 600 9:9",
      "followed f 644 5:6",
      "out/ d 755 0:0",
      "out/deep/ d 755 0:0",
      "out/deep/left f 644 5:6",
      "out/link l 777 0:0 deep/left",
    ]);
  });

  it("mounts caches, tmpfs, the context and other stages for its steps, and leaves no trace of them", async () => {
    const dockerfile = `${base}FROM base AS data\nRUN echo from-data >/data\nFROM base
RUN --mount=type=cache,target=/cache/deep --mount=type=tmpfs,target=/scratch --mount=target=/ctx --mount=from=data,source=/data,target=/data-file <<EOF
echo $((1 + $(cat /cache/deep/count 2>/dev/null || echo 0))) >/cache/deep/count
echo "count $(cat /cache/deep/count)"; touch /scratch/x; cat /ctx/input /data-file; touch /ctx/no 2>&1 || true
EOF
RUN --mount=type=bind,target=/ctx,rw echo more >>/ctx/input`;
    const first = await stand.build(dockerfile, { input: "from-context\n" }, { t: ["mounts"] });
    expect(first.text).toContain("count 1\nfrom-context\nfrom-data\n");
    expect(first.text).toContain("Read-only file system");
    expect(await stand.files("mounts")).toEqual(mountpoints);
    const again = await stand.build(dockerfile, { input: "from-context\n" }, { nocache: true });
    expect(again.text).toContain("count 2\n");
  });

  it("that fails says so with the process's code, and leaves no image", async () => {
    const { lines, id } = await stand.build(`${base}RUN echo before; exit 7\n`, {}, { t: ["failed"] });
    expect(lines.at(-1)).toEqual({
      error: "The command '/bin/sh -c echo before; exit 7' returned a non-zero code: 7",
      errorDetail: { code: 7, message: "The command '/bin/sh -c echo before; exit 7' returned a non-zero code: 7" },
    });
    expect(id).toBeUndefined();
    await expect(stand.room.calls.imageInspect({ name: "failed" })).rejects.toThrow("No such image");
  });

  it("whose files are not there, or whose words are wrong, is refused with its place", async () => {
    const cases: readonly (readonly [string, string])[] = [
      ["FORM scratch", "Dockerfile:1: unknown instruction: FORM (did you mean FROM?)"],
      ["FROM scratch\nCOPY nothing /x", 'Dockerfile:2: COPY failed: "nothing" is not found in the build context'],
      ["FROM scratch\nCOPY --chwon=1 a b", "Dockerfile:2: COPY: unknown flag: --chwon (did you mean chown?)"],
      ["FROM scratch\nRUN --network=host x", "Dockerfile:2: RUN --network=host is not allowed"],
      [
        "FROM scratch\nRUN --mount=type=secret,id=x,required y",
        'Dockerfile:2: RUN --mount: the secret "x" is required',
      ],
      ["FROM scratch\nRUN <<EOF\nx", "Dockerfile:2: unterminated here-document"],
      ["FROM scratch\nEXPOSE 99999", "Dockerfile:2: EXPOSE: invalid port"],
      [`FROM scratch\nENV A="\${B:?must be}"`, "Dockerfile:2: ENV: B: must be"],
      ["", "the Dockerfile cannot be empty"],
    ];
    for (const [dockerfile, message] of cases) {
      const outcome = await stand.build(dockerfile).then(
        ({ text }) => text,
        (error: Error) => error.message,
      );
      expect(outcome).toContain(message);
    }
  });
});

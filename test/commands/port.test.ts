import { expect, it } from "vitest";
import { publisherOf } from "../../src/commands/port.ts";

const container = {
  Id: "0123456789ab",
  Names: ["/shop-web-1"],
  Ports: [
    { PrivatePort: 443, Type: "tcp" },
    { IP: "::", PrivatePort: 53, PublicPort: 5353, Type: "udp" },
    { IP: "0.0.0.0", PrivatePort: 80, PublicPort: 8080, Type: "tcp" },
  ],
};

it("is the address that publishes a port of a protocol", () => {
  expect(publisherOf(container, 80, "tcp")).toEqual({ IP: "0.0.0.0", PublicPort: 8080 });
});

it.each([
  [443, "tcp"],
  [53, "tcp"],
])("says of %d/%s, which is not published, what is", (port, protocol) => {
  expect(() => publisherOf(container, port, protocol)).toThrow(
    expect.objectContaining({
      message: expect.stringContaining(`${port}/${protocol}`),
      hint: "it publishes 53/udp, 80/tcp",
    }),
  );
});

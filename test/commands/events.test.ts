import { expect, it } from "vitest";
import { eventJson, eventText } from "../../src/commands/events.ts";

const event = {
  Type: "container",
  Action: "exec_create: echo hi",
  Actor: {
    ID: "e4017f7ef8f0",
    Attributes: {
      "com.docker.compose.project": "shop",
      "com.docker.compose.service": "db",
      "dev.gantry.fields": "{}",
      name: "shop-db-1",
      image: "postgres",
    },
  },
  time: 1_764_042_267,
  timeNano: Number("1764042267359852288"),
};

it("is docker compose's object, without its labels, to the nanosecond", () => {
  expect(eventJson(event)).toEqual({
    action: "exec_create: echo hi",
    attributes: { image: "postgres", name: "shop-db-1" },
    id: "e4017f7ef8f0",
    service: "db",
    time: "2025-11-25T03:44:27.359852288Z",
    type: "container",
  });
});

it("is a line with the local time as text", () => {
  expect(eventText(event)).toMatch(
    /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:27\.359852 container exec_create: echo hi e4017f7ef8f0 \(image=postgres, name=shop-db-1\)$/,
  );
});

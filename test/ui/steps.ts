import type { Step } from "../../src/reconcile/plan.ts";

/** The container of the service web, as steps of a plan name it. */
export const web = { kind: "container", name: "shop-web-1", service: "web" } as const;

/** It is made, and started. */
export const create = {
  id: 1,
  after: [],
  op: "create-container",
  subject: web,
  why: "missing",
  name: "shop-web-1",
  body: {},
  files: [],
  connect: [],
} satisfies Step;
export const container = { createdBy: 1 };
export const start = {
  id: 2,
  after: [1],
  op: "start-container",
  subject: web,
  why: "",
  container,
} satisfies Step;

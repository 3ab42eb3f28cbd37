import type { Healthcheck } from "../compose/model.ts";
import type { HealthConfig } from "../engine/api.ts";
import { supports } from "./api-version.ts";
import type { Warn } from "./body-facts.ts";
import { listOf, present } from "./present.ts";

/** A healthcheck; what it leaves out, the engine takes from the image's own. `disable` is the test NONE. */
export function healthPart(check: Healthcheck | undefined, apiVersion: string, warn: Warn): HealthConfig | undefined {
  if (check === undefined) return undefined;
  if (check.disable) return { Test: ["NONE"] };
  const path = ["healthcheck", "start_interval"];
  const known = supports(apiVersion, "1.44");
  if (check.start_interval !== undefined && !known) {
    warn("needs-newer-engine", path, `start_interval needs an engine with API 1.44, this one speaks ${apiVersion}`);
  }
  if (check.start_interval !== undefined && known && check.start_period === undefined) {
    warn("no-effect", path, "start_interval has no effect without start_period");
  }
  const config = present<HealthConfig>({
    Test: listOf(check.test),
    Interval: check.interval,
    Timeout: check.timeout,
    StartPeriod: check.start_period,
    StartInterval: known ? check.start_interval : undefined,
    Retries: check.retries,
  });
  return Object.keys(config).length === 0 ? undefined : config;
}

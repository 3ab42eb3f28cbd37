import type { Diagnostic } from "../../errors.ts";
import { type Code, problem } from "../codes.ts";
import type { Service } from "../model.ts";
import { type Locate, type Path, pathText } from "../node.ts";
import { cleanTarget } from "../short/mounts.ts";

/** The rules among one service's own attributes. */
export function checkService(service: Service, locate: Locate): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const report: Report = (code, message, path, hint, other) => {
    const span = locate(["services", service.name, ...path]) ?? locate(["services", service.name]);
    const otherSpan = other && locate(["services", service.name, ...other]);
    const notes =
      otherSpan === undefined ? {} : { notes: [{ message: `${pathText(other ?? [])} is here`, span: otherSpan }] };
    diagnostics.push({ ...problem(code, message, span, hint), ...notes });
  };
  checkImage(service, report);
  checkNetworkMode(service, report);
  checkHealthcheck(service, report);
  checkScale(service, report);
  checkLimits(service, report);
  checkWatch(service, report);
  checkMountTargets(service, report);
  return diagnostics;
}

/** Reports a fault of the attribute at a path of the service; `other` is the attribute that it does not go with. */
type Report = (code: Code, message: string, path: Path, hint?: string, other?: Path) => void;

function checkImage({ name, image, build, provider, platform }: Service, report: Report): void {
  if (image === undefined && build === undefined && provider === undefined) {
    const message = `service "${name}" has neither an image nor a build context specified`;
    report("missing-image", message, [], "give it an image or a build section");
  }
  if (build?.dockerfile !== undefined && build.dockerfile_inline !== undefined) {
    const message = `service "${name}" declares mutually exclusive dockerfile and dockerfile_inline`;
    report("exclusive-attributes", message, ["build", "dockerfile"], "keep one of them", [
      "build",
      "dockerfile_inline",
    ]);
  }
  const platforms = build?.platforms ?? [];
  if (platforms.length > 0 && platform !== undefined && !platforms.includes(platform)) {
    const message = `services.${name}: build.platforms must include the service's platform "${platform}"`;
    report("unsupported-platform", message, ["build", "platforms"], `add "${platform}" to them`, ["platform"]);
  }
}

function checkNetworkMode({ name, network_mode, networks }: Service, report: Report): void {
  if (network_mode === undefined || networks === undefined || networks.size === 0) return;
  const message = `service ${name} declares mutually exclusive \`network_mode\` and \`networks\``;
  report("exclusive-attributes", message, ["network_mode"], "keep one of them", ["networks"]);
}

function checkHealthcheck({ name, healthcheck }: Service, report: Report): void {
  const [kind] = healthcheck?.test ?? [];
  if (kind === undefined || kind === "CMD" || kind === "CMD-SHELL" || kind === "NONE") return;
  const message = `services.${name}: healthcheck.test must start either by "CMD", "CMD-SHELL" or "NONE"`;
  report("invalid-healthcheck", message, ["healthcheck", "test", 0], `write ["CMD", "${kind}", …]`);
}

function checkScale({ name, scale, deploy, container_name }: Service, report: Report): void {
  const replicas = deploy?.replicas;
  if (scale !== undefined && replicas !== undefined && scale !== replicas) {
    const message = `services.${name}: can't set distinct values on 'scale' and 'deploy.replicas'`;
    report("conflicting-values", message, ["scale"], `they are ${scale} and ${replicas}`, ["deploy", "replicas"]);
  }
  if (scale !== undefined && scale < 0) {
    const message = `services.${name}.scale: must be greater than or equal to 0`;
    report("negative-scale", message, ["scale"], "0 runs no container");
  }
  if (replicas !== undefined && replicas < 0) {
    const message = `services.${name}.deploy.replicas: must be greater than or equal to 0`;
    report("negative-scale", message, ["deploy", "replicas"], "0 runs no container");
  }
  const count = scale ?? replicas ?? 1;
  if (container_name !== undefined && count > 1) {
    const attribute = scale === undefined ? "deploy.replicas" : "scale";
    const message = `services.${name}.${attribute}: can't set container_name and ${attribute} ${count}, as container name must be unique`;
    const hint = "remove container_name, or run one container";
    report("fixed-name", message, ["container_name"], hint, scale === undefined ? ["deploy", "replicas"] : ["scale"]);
  }
}

/** Each limit may be written in two places; both must say the same. A limits section without the value says zero. */
function checkLimits({ name, deploy, ...service }: Service, report: Report): void {
  const limits = deploy?.resources?.limits;
  const reservations = deploy?.resources?.reservations;
  const compare = (
    own: string,
    value: number | undefined,
    other: string,
    section: object | undefined,
    twin?: number,
  ) => {
    if (value === undefined || value === 0 || section === undefined || value === (twin ?? 0)) return;
    const message = `services.${name}: can't set distinct values on '${own}' and 'deploy.resources.${other}'`;
    const hint = twin === undefined ? `add ${other.split(".").at(-1)} there too` : `they are ${value} and ${twin}`;
    report("conflicting-values", message, [own], hint, ["deploy", "resources", ...other.split(".")]);
  };
  compare("cpus", service.cpus, "limits.cpus", limits, limits?.cpus);
  compare("mem_limit", service.mem_limit, "limits.memory", limits, limits?.memory);
  compare("mem_reservation", service.mem_reservation, "reservations.memory", reservations, reservations?.memory);
  compare("pids_limit", service.pids_limit, "limits.pids", limits, limits?.pids);
}

function checkWatch({ name, develop }: Service, report: Report): void {
  for (const [i, rule] of (develop?.watch ?? []).entries()) {
    if (rule.target !== undefined || rule.action === "rebuild" || rule.action === "restart") continue;
    const message = `services.${name}.develop.watch: target is required for non-rebuild actions`;
    report("missing-target", message, ["develop", "watch", i, "action"], "say where the files go in the container");
  }
}

function checkMountTargets({ name, volumes = [], tmpfs = [] }: Service, report: Report): void {
  const taken = new Map<string, Path>();
  const where = (path: Path) => pathText(["services", name, ...path]);
  const check = (list: "volumes" | "tmpfs", index: number, target: string) => {
    const path = [list, index];
    const earlier = taken.get(target);
    if (earlier === undefined) {
      taken.set(target, path);
      return;
    }
    const message = `${where(path)}: target ${target} already mounted as ${where(earlier)}`;
    report("duplicate-mount", message, path, "remove one of them", earlier);
  };
  for (const [i, mount] of tmpfs.entries()) check("tmpfs", i, cleanTarget(mount.split(":")[0] ?? mount));
  for (const [i, mount] of volumes.entries()) check("volumes", i, mount.target);
}

/**
 * What is allowed in a Dockerfile, and yet better written in another way: BuildKit's rules, in its words. Those that need the base
 * images, or the values of variables, are not among them. Pure.
 * Source: https://docs.docker.com/reference/build-checks/; moby/buildkit, frontend/dockerfile/linter/ruleset.go.
 */

import type { Span } from "../../../errors.ts";
import type { Instruction } from "./instruction.ts";
import type { Dockerfile, Stage } from "./parse.ts";

export interface LintWarning {
  readonly rule: LintRule;
  readonly detail: string;
  readonly span: Span;
}

export type LintRule = keyof typeof lintRules;

/** Rule → what it wants. */
export const lintRules = {
  ConsistentInstructionCasing: "All commands within the Dockerfile should use the same casing (either upper or lower)",
  DuplicateStageName: "Stage names should be unique",
  ExposeProtoCasing: "Protocol in EXPOSE instruction should be lowercase",
  FromAsCasing: "The 'as' keyword should match the case of the 'from' keyword",
  FromPlatformFlagConstDisallowed: "FROM --platform flag should not use a constant value",
  JSONArgsRecommended:
    "JSON arguments recommended for ENTRYPOINT/CMD to prevent unintended behavior related to OS signals",
  LegacyKeyValueFormat: "Legacy key/value format with whitespace separator should not be used",
  MaintainerDeprecated: "The MAINTAINER instruction is deprecated, use a label instead to define an image author",
  MultipleInstructionsDisallowed: "Multiple instructions of the same type should not be used in the same stage",
  RedundantTargetPlatform:
    "Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default behavior",
  ReservedStageName: "Reserved words should not be used as stage names",
  SecretsUsedInArgOrEnv: "Sensitive data should not be used in the ARG or ENV commands",
  StageNameCasing: "Stage names should be lowercase",
  WorkdirRelativePath:
    "Relative workdir without an absolute workdir declared within the build can have unexpected results if the base image changes",
} as const;

/** In the order of the file. */
export function lint({ args, stages }: Dockerfile): readonly LintWarning[] {
  const all = [...args, ...stages.flatMap(({ from, instructions }) => [from, ...instructions])];
  return [
    ...casing(all),
    ...all.flatMap(ofInstruction),
    ...stages.flatMap((stage, index) => ofStage(stage, stages.slice(0, index))),
  ].sort((a, b) => a.span.start - b.span.start);
}

function casing(all: readonly Instruction[]): readonly LintWarning[] {
  const wordOf = ({ text }: Instruction) => /^[a-z]+/i.exec(text)?.[0] ?? "";
  const words = all.map((instruction) => ({ word: wordOf(instruction), span: instruction.span }));
  const lower = words.filter(({ word }) => word === word.toLowerCase()).length;
  const upper = words.filter(({ word }) => word === word.toUpperCase()).length;
  const [style, change] =
    lower > upper
      ? (["lowercase", (word: string) => word.toLowerCase()] as const)
      : (["uppercase", (word: string) => word.toUpperCase()] as const);
  return words
    .filter(({ word }) => word !== change(word))
    .map(({ word, span }) => ({
      rule: "ConsistentInstructionCasing",
      detail: `Command '${word}' should match the case of the command majority (${style})`,
      span,
    }));
}

function ofInstruction(instruction: Instruction): readonly LintWarning[] {
  const { keyword, span, text } = instruction;
  const found = (rule: LintRule, detail: string): LintWarning => ({ rule, detail, span });
  switch (keyword) {
    case "MAINTAINER":
      return [found("MaintainerDeprecated", "Maintainer instruction is deprecated in favor of using label")];
    case "CMD":
    case "ENTRYPOINT": {
      const detail = `JSON arguments recommended for ${keyword} to prevent unintended behavior related to OS signals`;
      return "shell" in instruction.command ? [found("JSONArgsRecommended", detail)] : [];
    }
    case "ARG":
      return instruction.args.filter(({ key }) => isSensitive(key)).map(({ key }) => secret(keyword, key, span));
    case "ENV":
    case "LABEL": {
      // With an equals sign in its first word, all of it is in the newer form.
      const isLegacy = !/^\S+\s+("[^"]*"|'[^']*'|[^\s"'=])+=/.test(text);
      const detail = `"${keyword} key=value" should be used instead of legacy "${keyword} key value" format`;
      const sensitive = keyword === "ENV" ? instruction.pairs.filter(({ key }) => isSensitive(key)) : [];
      return [
        ...(isLegacy ? [found("LegacyKeyValueFormat", detail)] : []),
        ...sensitive.map(({ key }) => secret(keyword, key, span)),
      ];
    }
    case "EXPOSE":
      return instruction.words
        .filter((word) => /\/.*[A-Z]/.test(word))
        .map((word) =>
          found("ExposeProtoCasing", `Defined protocol '${word}' in EXPOSE instruction should be lowercase`),
        );
    default:
      return [];
  }
}

const secret = (keyword: string, key: string, span: Span): LintWarning => ({
  rule: "SecretsUsedInArgOrEnv",
  detail: `Do not use ARG or ENV instructions for sensitive data (${keyword} "${key}")`,
  span,
});

/** Words that say so, unless another says that it is none after all. */
const isSensitive = (name: string): boolean =>
  /(?:_|^)(apikey|auth|credential|credentials|key|password|pword|passwd|secret|token)(?:_|$)/i.test(name) &&
  !/(?:_|^)public(?:_|$)/i.test(name);

function ofStage({ from, instructions }: Stage, before: readonly Stage[]): readonly LintWarning[] {
  const { span, text, platform, name } = from;
  const [, as = "", written = ""] = /\s(as)\s+(\S+)\s*$/i.exec(text) ?? [];
  const word = text.slice(0, 4);
  const warnings: LintWarning[] = [];
  const add = (rule: LintRule, detail: string, place = span) => warnings.push({ rule, detail, span: place });
  const isUpper = (text: string) => text === text.toUpperCase();
  const isLower = (text: string) => text === text.toLowerCase();
  if (name !== undefined) {
    if (!((isUpper(word) && isUpper(as)) || (isLower(word) && isLower(as))))
      add("FromAsCasing", `'${as}' and '${word}' keywords' casing do not match`);
    if (written !== written.toLowerCase()) add("StageNameCasing", `Stage name '${written}' should be lowercase`);
    if (["scratch", "context"].includes(name))
      add("ReservedStageName", `Stage name should not use the same name as reserved stage "${name}"`);
    if (before.some((stage) => stage.from.name === name))
      add("DuplicateStageName", `Duplicate stage name "${name}", stage names should be unique`);
  }
  if (platform !== undefined) {
    const detail =
      "Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default behavior";
    if (/^\$(TARGETPLATFORM|\{TARGETPLATFORM\})$/.test(platform)) add("RedundantTargetPlatform", detail);
    else if (!platform.includes("$"))
      add("FromPlatformFlagConstDisallowed", `FROM --platform flag should not use constant value "${platform}"`);
  }
  for (const keyword of ["CMD", "ENTRYPOINT", "HEALTHCHECK"] as const) {
    const detail = `Multiple ${keyword} instructions should not be used in the same stage because only the last one will be used`;
    for (const one of instructions.filter((instruction) => instruction.keyword === keyword).slice(0, -1))
      add("MultipleInstructionsDisallowed", detail, one.span);
  }
  for (const instruction of instructions) {
    if (instruction.keyword !== "WORKDIR") continue;
    if (/^[/$]/.test(instruction.value)) break;
    const detail = `Relative workdir "${instruction.value}" can have unexpected results if the base image changes`;
    add("WorkdirRelativePath", detail, instruction.span);
  }
  return warnings;
}

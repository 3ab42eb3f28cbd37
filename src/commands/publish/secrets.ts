/** What looks like a secret, and is not to be published unseen. */
const patterns: readonly (readonly [kind: string, pattern: RegExp])[] = [
  ["private key", /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/],
  ["AWS access key", /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/],
  ["AWS secret key", /aws_?secret_?(?:access_?)?key["']?\s*[:=]\s*["']?[A-Za-z0-9/+]{40}\b/i],
  ["GitHub token", /\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{22,})\b/],
  ["GitLab token", /\bglpat-[\w-]{20,}/],
  ["Slack token", /\bxox[abposr]-[\w-]{10,}/],
  ["Stripe key", /\b[rs]k_live_[A-Za-z0-9]{16,}/],
  ["Google API key", /\bAIza[\w-]{35}\b/],
  ["JSON web token", /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}/],
  ["password in a URL", /\b[a-z][a-z0-9+.-]*:\/\/[^\s:@/$]+:[^\s:@/$]{3,}@/i],
];

export interface FoundSecret {
  readonly kind: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** The places of a text that look like secrets; what they are is not repeated. Pure. */
export function findSecrets(file: string, text: string): readonly FoundSecret[] {
  return text
    .split("\n")
    .flatMap((line, i) =>
      patterns.flatMap(([kind, pattern]) => (pattern.test(line) ? [{ kind, file, line: i + 1 }] : [])),
    );
}

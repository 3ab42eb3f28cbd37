const units = {
  decimal: { step: 1000, names: ["B", "kB", "MB", "GB", "TB", "PB"] },
  binary: { step: 1024, names: ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] },
} as const;

/** Bytes as docker prints them: `25.8MB` in steps of 1000, at most `digits` digits; `23.54GiB` in steps of 1024. */
export function sizeText(bytes: number, kind: keyof typeof units, digits = kind === "decimal" ? 3 : 4): string {
  const { step, names } = units[kind];
  let value = bytes;
  let unit = 0;
  while (value >= step && unit < names.length - 1) {
    value /= step;
    unit++;
  }
  return `${significant(value, digits)}${names[unit]}`;
}

/** A number with so many significant digits, without the zeros at its end: Go's `%.4g`. */
function significant(value: number, digits: number): string {
  return String(Number(value.toPrecision(digits)));
}

/** What is kept of a volume. */

export interface VolumeRecord {
  readonly format: 1;
  readonly name: string;
  readonly driver: "local";
  /** RFC 3339. */
  readonly created: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `type`, `o`, `device`: what is mounted as its content. */
  readonly options: Readonly<Record<string, string>>;
  /** Its removal has begun: whoever finds this finishes it. */
  readonly removing?: true;
}

/** Makes a record of what a file held. */
export function decodeVolume(value: unknown): VolumeRecord {
  const record = value as VolumeRecord;
  if (typeof value !== "object" || value === null) throw new Error("it is no object");
  if (record.format !== 1) throw new Error(`its format is ${String(record.format)}; this daemon knows format 1`);
  if (typeof record.name !== "string" || record.labels === undefined || record.options === undefined) {
    throw new Error("its name, labels or options are missing");
  }
  return record;
}

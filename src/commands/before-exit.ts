const works = new Set<() => Promise<unknown>>();

/**
 * Has something put in order before the process ends early: by Ctrl-C, where nothing else takes it, or because its reader
 * has gone. Until it is disposed of.
 */
export function beforeExit(work: () => Promise<unknown>): Disposable {
  works.add(work);
  return { [Symbol.dispose]: () => void works.delete(work) };
}

/** Does all that is to be done before the process ends; what fails is left. Undefined: there is nothing to do. */
export function putInOrder(): Promise<unknown> | undefined {
  return works.size === 0 ? undefined : Promise.allSettled([...works].map((work) => work()));
}

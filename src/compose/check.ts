/** The rules that a schema cannot say: of one attribute or resource (document), and across services (project). */
export { checkDocument } from "./check/document.ts";
export { checkProject } from "./check/project.ts";

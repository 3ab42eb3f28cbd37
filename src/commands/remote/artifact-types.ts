/** What a published compose project is called in a registry. Source: docker compose, internal/oci. */

export const projectType = "application/vnd.docker.compose.project";
/** What the configuration of an artifact is called by registries that know no artifact types. */
export const oldConfigType = "application/vnd.docker.compose.config.empty.v1+json";
export const fileType = "application/vnd.docker.compose.file+yaml";
export const envFileType = "application/vnd.docker.compose.envfile";
/** The annotations of a layer: its file's name, and that it is only extended. */
export const fileAnnotation = "com.docker.compose.file";
export const envFileAnnotation = "com.docker.compose.envfile";
export const extendsAnnotation = "com.docker.compose.extends";
export const versionAnnotation = "com.docker.compose.version";

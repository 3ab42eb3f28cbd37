import { image } from "./harness.ts";

/** A project whose one build is an image of `bridge` that has templates, which are beside it, and runs a shell script. */
export const transformationMaker = (name: string, script: string): string => `
services:
  maker:
    image: ${name}
    build:
      context: .
      dockerfile_inline: |
        FROM ${image}
        LABEL com.docker.compose.bridge=transformation
        COPY templates /templates
        CMD ["sh", "-c", "${script}"]
`;

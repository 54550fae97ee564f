// Starts one server for the whole run, and tells the tests its URL.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  export interface ProvidedContext {
    sandboxUrl: string;
  }
}

export default async function setup(project: TestProject) {
  // Its standard input is closed when this process ends, however it ends, and then the server ends as well.
  const flags = ["--port", "0", "--strict-worlds", "--parent-pipe", "0"];
  const server = spawn("protocol-sandbox", flags, { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(server, "exit");
  project.provide("sandboxUrl", await printedUrl(server.stdout));
  return async () => {
    server.kill();
    await ended;
  };
}

async function printedUrl(output: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface(output)) {
    const url = / listening on (\S+)/.exec(line)?.[1];
    if (url !== undefined) return url;
  }
  throw new Error("The server did not start.");
}

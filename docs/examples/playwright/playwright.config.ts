import { defineConfig } from "@playwright/test";
import { APP, SANDBOX } from "./world";

export default defineConfig({
  webServer: [
    { command: "protocol-sandbox --strict-worlds", url: `${SANDBOX}/__admin/health` },
    { command: `python3 -m http.server --bind 127.0.0.1 ${new URL(APP).port}`, url: `${APP}/app.html` },
  ],
  use: {
    baseURL: APP,
    // A browser that is installed already; without the variable, Playwright's own.
    launchOptions: { executablePath: process.env.CHROMIUM },
  },
});

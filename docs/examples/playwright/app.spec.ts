import { expect } from "@playwright/test";
import { test } from "./world";

test("conversations are listed", async ({ page, request, world }) => {
  await request.put(`${world}/__admin/conversations/first`, { data: { contact_id: "WAz8eIbvDR60rouK" } });
  await page.goto(`/app.html?api=${world}/v1`);
  await expect(page.getByRole("listitem")).toHaveText(["WAz8eIbvDR60rouK"]);
});

test("an outage is shown", async ({ page, request, world }) => {
  await request.post(`${world}/__admin/faults`, { data: { preset: "outage" } });
  await page.goto(`/app.html?api=${world}/v1`);
  await expect(page.getByRole("alert")).toContainText("503");
});

// Starts Swagger UI on the document that the query names, by default that of the Conversations API.
// Its own chooser comes with a style element, which the policy of the page forbids, so the page has links instead.
"use strict";

const dark = window.matchMedia("(prefers-color-scheme: dark)");
const followTheme = () => document.documentElement.classList.toggle("dark-mode", dark.matches); // a class of Swagger UI
dark.addEventListener("change", followTheme);
followTheme();

window.addEventListener("load", () => {
  const isControl = new URLSearchParams(window.location.search).get("api") === "control";
  document.getElementById(isControl ? "control" : "conversations").setAttribute("aria-current", "page");
  SwaggerUIBundle({
    dom_id: "#swagger-ui",
    url: isControl ? "__admin/openapi.json" : "openapi.json",
    deepLinking: true,
    persistAuthorization: true, // a reload keeps the token
    tryItOutEnabled: true,
    validatorUrl: null, // nothing is sent elsewhere
  });
});

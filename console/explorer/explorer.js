// SPDX-License-Identifier: Apache-2.0
// Lists the documents of the APIs, and shows the one that is chosen. Credentials are the browser's, or those
// given by "Authorize"; they go to this server only.
"use strict";

(function () {
  const select = document.getElementById("apis");
  const message = document.getElementById("message");

  async function fetchJson(url) {
    const response = await fetch(url, { credentials: "same-origin" });
    const body = await response.json().catch(() => ({}));
    if (!response.ok) {
      const said = [body.errorMessage, body.errorDetails].filter(Boolean).join(" ");
      throw new Error(response.status + ": " + (said || "the server gives no reason"));
    }
    return body;
  }

  // Archives seldom say how callers are authenticated. Without a definition there is no "Authorize".
  function withSecurity(api) {
    if (api.securityDefinitions && Object.keys(api.securityDefinitions).length) {
      return api;
    }
    const definitions = {
      basic: { type: "basic" },
      token: { type: "apiKey", name: "Authorization", in: "header", description: "Bearer <token>" },
    };
    return Object.assign({}, api, { securityDefinitions: definitions, security: [{ basic: [] }, { token: [] }] });
  }

  async function show(url) {
    message.textContent = "";
    document.getElementById("document").replaceChildren();
    try {
      window.SwaggerUIBundle({
        dom_id: "#document",
        spec: withSecurity(await fetchJson(url)),
        validatorUrl: null,
        deepLinking: false,
      });
    } catch (error) {
      message.textContent = error.message;
    }
  }

  function add(name, url) {
    const option = document.createElement("option");
    option.textContent = name;
    option.value = url;
    select.append(option);
  }

  async function start() {
    try {
      const list = await fetchJson("/api/docs");
      for (const api of list.apis) {
        add(api.name + " " + api.version + (api.status === "Started" ? "" : " (stopped)"), api.swagger);
      }
      add("Administration", list.administration);
      select.addEventListener("change", () => show(select.value));
      await show(select.value);
    } catch (error) {
      message.textContent = error.message;
    }
  }

  start();
})();

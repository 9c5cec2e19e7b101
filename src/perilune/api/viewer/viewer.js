// Shows the document that this server serves; nothing is loaded from anywhere else.
window.SwaggerUIBundle({
  url: "docs/openapi.yaml",
  dom_id: "#viewer",
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  docExpansion: "list",
  // The validator badge would ask a server elsewhere.
  validatorUrl: null,
  // Proof for the server that a page of its own asks, as the dashboard gives it.
  requestInterceptor: (request) => {
    request.headers["X-Requested-With"] = "viewer";
    return request;
  },
});

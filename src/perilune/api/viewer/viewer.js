// Shows the document that this server serves; nothing is loaded from anywhere else.
window.SwaggerUIBundle({
  url: "docs/openapi.yaml",
  dom_id: "#viewer",
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  docExpansion: "list",
  // The validator badge would ask a server elsewhere.
  validatorUrl: null,
});

// The API's page: Swagger UI over our own schema; calls made from it carry the session and its CSRF token.
(() => {
  const place = document.getElementById("api-docs");
  window.SwaggerUIBundle({
    domNode: place,
    url: place.dataset.schema,
    deepLinking: true,
    docExpansion: "none",
    validatorUrl: null, // the public validator would be told our address
    requestInterceptor: (request) => {
      if (!["GET", "HEAD", undefined].includes(request.method)) request.headers["X-CSRFToken"] = place.dataset.csrf;
      return request;
    },
  });
})();

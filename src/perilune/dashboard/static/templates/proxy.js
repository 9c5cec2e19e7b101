// Passes requests on to another server.  Needs UPSTREAM_URL among the environment variables.
export default async (ctx, event) => {
  const upstream = await env.get("UPSTREAM_URL");
  if (!upstream) return { statusCode: 500, body: { error: "UPSTREAM_URL is not set" } };
  try {
    const answer = await http.get(upstream + event.relativePath, { query: event.query });
    const headers = { "Content-Type": answer.headers["Content-Type"] };
    return { statusCode: answer.statusCode, headers, body: answer.body };
  } catch (error) {
    log.error(`the other server did not answer: ${error.message}`);
    return { statusCode: 502, body: { error: "the other server did not answer" } };
  }
};

// Takes webhooks, each once.  To have their signatures checked before this code runs,
// set the access of the function to "signature".
export default async (ctx, event) => {
  if (event.method !== "POST") return { statusCode: 405 };
  const id = event.headers["Webhook-Id"];
  if (id && !(await kv.cas(`seen:${id}`, null, "1"))) return { body: { status: "seen before" } };
  let payload;
  try {
    payload = JSON.parse(event.body);
  } catch (error) {
    return { statusCode: 400, body: { error: error.message } };
  }
  log.info("webhook", { id, type: payload?.type });
  return { statusCode: 202, body: { status: "accepted" } };
};

// A small REST API: one branch per method.
export default (_ctx: unknown, event: any) => {
  if (event.method === "GET") return { items: [] };
  if (event.method === "POST") return create(event);
  return { statusCode: 405, headers: { Allow: "GET, POST" }, body: { error: "method not allowed" } };
};

function create(event: any) {
  let item: unknown;
  try {
    item = JSON.parse(event.body);
  } catch (error: any) {
    return { statusCode: 400, body: { error: error.message } };
  }
  const id = crypto.randomUUID();
  return { statusCode: 201, headers: { Location: `/${id}` }, body: { id, item } };
}

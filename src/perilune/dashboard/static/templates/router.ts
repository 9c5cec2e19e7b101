// Several paths in one function.
export default (_ctx: unknown, event: any) => {
  const path = event.relativePath;
  if (router.match(path, "/users/:id")) {
    const { id } = router.params(path, "/users/:id");
    return { user: id };
  }
  if (router.match(path, "/health")) return { body: { status: "ok" } };
  return { statusCode: 404, body: { error: `nothing at ${path}` } };
};

// Answers every request with what it was.
export default (_ctx: unknown, event: any) => {
  log.info("called", { method: event.method, path: event.relativePath });
  return { message: "Hello!", method: event.method, path: event.relativePath };
};

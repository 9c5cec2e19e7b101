// Counts its visitors in the key-value store.
export default async (_ctx: unknown, event: any) => {
  const name = event.query.name ?? "everybody";
  return { name, visits: await kv.incr(`visits:${name}`) };
};

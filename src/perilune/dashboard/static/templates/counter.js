// Counts its visitors in the key-value store.
export default async (ctx, event) => {
  const name = event.query.name ?? "everybody";
  return { name, visits: await kv.incr(`visits:${name}`) };
};

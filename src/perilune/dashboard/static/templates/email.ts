// Sends an e-mail.  Needs RESEND_API_KEY among the environment variables.
export default async (_ctx: unknown, event: any) => {
  const form = formOf(event.body);
  if (!form?.to || !form.message) {
    return { statusCode: 400, body: { error: 'send {"to": "...", "message": "..."}' } };
  }
  try {
    const sent = await email.send({
      from: (await env.get("MAIL_FROM")) ?? "hello@example.org",
      to: form.to,
      subject: form.subject ?? "A message for you",
      text: form.message,
    });
    return { statusCode: 202, body: { id: sent.id } };
  } catch (error: any) {
    log.error(`sending failed: ${error.message}`);
    return { statusCode: 502, body: { error: "the message could not be sent" } };
  }
};

function formOf(body: string): Record<string, string> | undefined {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

// Sends an e-mail.  Needs RESEND_API_KEY among the environment variables.
export default async (ctx, event) => {
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
  } catch (error) {
    log.error(`sending failed: ${error.message}`);
    return { statusCode: 502, body: { error: "the message could not be sent" } };
  }
};

function formOf(body) {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

// A contact form whose messages arrive as e-mail.
//
//   GET  /fn/contact-form    the form
//   POST /fn/contact-form    what the form sends
//
// Environment:
//   CONTACT_TO        where messages go
//   CONTACT_FROM      sender; its domain must be known to the provider
//   RESEND_API_KEY    key for the provider
//
// Deploy:
//   perilune deploy contact_form.ts --name contact-form
//   perilune env set contact-form CONTACT_TO CONTACT_FROM RESEND_API_KEY

import {
  type Context,
  email,
  env,
  type Event,
  type HandlerResponse,
  log,
  PeriluneError,
} from "perilune";

const MAX_MESSAGE_CHARS = 5000;
const CONTROL = /[\x00-\x1f\x7f]/;
const ADDRESS = /^[^\s<>,;@]+@[^\s<>,;@]+\.[^\s<>,;@]+$/;
const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;" };
const FIELDS = ["name", "email", "message", "website"] as const;

type Fields = Record<(typeof FIELDS)[number], string>;

export default async function handler(_ctx: Context, event: Event): Promise<HandlerResponse> {
  if (event.method !== "POST") return form(200, readFields(""));
  const fields = readFields(event.body);
  const problem = problemWith(fields);
  if (problem !== null) return form(400, fields, problem);
  // People do not see this field; programs that fill in everything give themselves away.
  if (fields.website === "" && !(await send(fields))) {
    return form(502, fields, "Your message could not be sent. Please try again later.");
  }
  return page(200, `<p>Thank you, ${escape(fields.name)}. We will answer soon.</p>`);
}

async function send(fields: Fields): Promise<boolean> {
  const [from, to] = [await env.get("CONTACT_FROM"), await env.get("CONTACT_TO")];
  const lines = escape(fields.message).replace(/\r?\n/g, "<br>");
  try {
    const sent = await email.send({
      from: from ?? undefined,
      to,
      replyTo: fields.email,
      subject: `Message from ${fields.name}`,
      text: fields.message,
      html: `<p>${lines}</p>`,
    });
    log.info("message sent", { id: sent.id });
    return true;
  } catch (error) {
    if (!(error instanceof PeriluneError)) throw error;
    log.error(`message not sent: ${error.message}`);
    return false;
  }
}

function readFields(body: string): Fields {
  const given = new URLSearchParams(body);
  const read = (name: string) => (given.get(name) ?? "").trim();
  return Object.fromEntries(FIELDS.map((name) => [name, read(name)])) as Fields;
}

function problemWith({ name, email: address, message }: Fields): string | null {
  if (name === "" || [...name].length > 100 || CONTROL.test(name)) {
    return "Please tell us your name.";
  }
  if ([...address].length > 254 || CONTROL.test(address) || !ADDRESS.test(address)) {
    return "Please give an e-mail address at which we can answer.";
  }
  if (message === "" || [...message].length > MAX_MESSAGE_CHARS) {
    return `Please write a message of at most ${MAX_MESSAGE_CHARS} characters.`;
  }
  return null;
}

function form(status: number, fields: Fields, problem?: string): HandlerResponse {
  // Whatever strangers wrote is escaped before it gets into HTML.
  return page(
    status,
    (problem === undefined ? "" : `<p role=alert>${escape(problem)}</p>`) +
      '<form method="post">' +
      `<p><label>Name <input name="name" value="${escape(fields.name)}"></label>` +
      `<p><label>E-mail <input name="email" value="${escape(fields.email)}"></label>` +
      `<p><label>Message <textarea name="message">${escape(fields.message)}</textarea></label>` +
      '<p hidden><label>Website <input name="website" tabindex="-1" autocomplete="off"></label>' +
      "<p><button>Send</button></form>",
  );
}

function page(statusCode: number, content: string): HandlerResponse {
  return {
    statusCode,
    headers: { "Content-Type": "text/html; charset=utf-8" },
    body: `<!doctype html><meta charset=utf-8><title>Contact</title>${content}`,
  };
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (found) => ENTITIES[found as keyof typeof ENTITIES]);
}

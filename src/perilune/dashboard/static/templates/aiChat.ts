// Asks a language model.  Needs OPENAI_API_KEY among the environment variables.
export default async (_ctx: unknown, event: any) => {
  const question = questionOf(event.body);
  if (!question) return { statusCode: 400, body: { error: 'send {"question": "..."}' } };
  try {
    const answer = await ai.chat({
      provider: "openai",
      model: "gpt-4o-mini",
      messages: [{ role: "user", content: question }],
      maxTokens: 500,
    });
    return { answer: answer.content };
  } catch (error: any) {
    log.error(`the model did not answer: ${error.message}`);
    return { statusCode: 502, body: { error: "the model did not answer" } };
  }
};

function questionOf(body: string): string | undefined {
  try {
    return JSON.parse(body)?.question;
  } catch {
    return undefined;
  }
}

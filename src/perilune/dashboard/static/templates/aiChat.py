# Asks a language model.  Needs OPENAI_API_KEY among the environment variables.
from perilune_guest import Error, ai, log


def handler(ctx, event):
    try:
        question = event.json()["question"]
    except (ValueError, LookupError, TypeError):
        return {"error": 'send {"question": "..."}'}, 400
    try:
        answer = ai.chat(
            provider="openai",
            model="gpt-4o-mini",
            messages=[{"role": "user", "content": question}],
            max_tokens=500,
        )
    except Error as error:
        log.error(f"the model did not answer: {error}")
        return {"error": "the model did not answer"}, 502
    return {"answer": answer.content}

// Schedules are told in words of both languages.

import "./browser.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import { cronWords } from "#dashboard/cron.ts";
import { locale } from "#dashboard/preferences.ts";

const IN_WORDS = [
  ["* * * * *", "Every minute", "A cada minuto"],
  ["*/5 * * * *", "Every 5 minutes", "A cada 5 minutos"],
  ["0 * * * *", "Every hour", "A cada hora"],
  ["30 * * * *", "Every hour, at minute 30", "A cada hora, no minuto 30"],
  ["5,35 * * * *", "At minutes 5 and 35", "Nos minutos 5 e 35"],
  ["0 */2 * * *", "Every 2 hours", "A cada 2 horas"],
  ["0 0 * * *", "At 12:00 AM, every day", "Às 00:00, todo dia"],
  ["30 9 * * 1-5", "At 9:30 AM, Monday to Friday", "Às 09:30, segunda-feira a sexta-feira"],
  ["0 9,17 * * *", "At 9:00 AM and 5:00 PM, every day", "Às 09:00 e 17:00, todo dia"],
  [
    "*/15 9-17 * * mon,fri",
    "Every 15 minutes, from 9:00 AM to 5:45 PM, on Monday and Friday",
    "A cada 15 minutos, das 09:00 às 17:45, segunda-feira e sexta-feira",
  ],
  ["0 8-20 * * *", "Every hour, from 8:00 AM to 8:00 PM, every day", "A cada hora, das 08:00 às 20:00, todo dia"],
  ["0 0 1 * *", "At 12:00 AM, on day 1 of the month", "Às 00:00, no dia 1 do mês"],
  ["0 0 13 * 5", "At 12:00 AM, on day 13 of the month or on Friday", "Às 00:00, no dia 13 do mês ou sexta-feira"],
  ["0 6 * jan,jul *", "At 6:00 AM, in January and July", "Às 06:00, em janeiro e julho"],
  ["@weekly", "At 12:00 AM, on Sunday", "Às 00:00, domingo"],
  ["TZ=Asia/Tokyo 0 0 * * 7", "At 12:00 AM, on Sunday", "Às 00:00, domingo"],
  ["0 0 * * fri-sun", "At 12:00 AM, on Sunday, Friday, and Saturday", "Às 00:00, domingo, sexta-feira e sábado"],
  ["0 0 * * mon-sun", "At 12:00 AM, every day", "Às 00:00, todo dia"],
  ["0 0 1 nov-feb *", "At 12:00 AM, on day 1 of the month, in January, February, November, and December", "Às 00:00, no dia 1 do mês, em janeiro, fevereiro, novembro e dezembro"],
  ["0 22-2 * * *", "", ""],
  ["0 0 1-31 * 1", "At 12:00 AM, every day", "Às 00:00, todo dia"],
  ["99 * * * *", "", ""],
  ["every day", "", ""],
] as const;

for (const [expression, english, portuguese] of IN_WORDS) {
  test(`${expression} in words`, () => {
    const told = (["en", "pt-BR"] as const).map((language) => {
      locale.set(language);
      return cronWords(expression).replaceAll("\u202f", " ");
    });

    assert.deepEqual(told, [english, portuguese]);
  });
}

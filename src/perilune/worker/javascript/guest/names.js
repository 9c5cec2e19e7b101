/** Names in camelCase, as guests have them, and in snake_case, as the host has some. */

/** @param {string} name */
export function camelCase(name) {
  return name.replace(/_([a-z0-9])/g, (_found, letter) => letter.toUpperCase());
}

/** @param {string} name */
export function snakeCase(name) {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

// English.  Keys are the same in every language; see i18n.js.

export default {
  "copy.button": "Copy",
  "copy.what": "Copy {{what}}",
  "copy.done": "Copied",
  "copy.failed": "Could not copy",
  "copy.id": "id",

  "dialog.cancel": "Cancel",
  "dialog.close": "Close",
  "dialog.type": "Type {{text}} to confirm",

  "field.show": "Show",
  "field.hide": "Hide",

  "frame.skip": "Skip to content",
  "frame.search": "Search",
  "frame.signOut": "Sign out",
  "frame.signOutFailed": "Signing out failed",
  "frame.unreachable": "The server can't be reached. What you see may be old; drafts are kept.",
  "frame.language": "Switch language to {{name}}",
  "frame.light": "Light theme",
  "frame.dark": "Dark theme",

  "function.enabled": "Enabled",
  "function.disabled": "Disabled",

  "functions.title": "Functions",
  "functions.subtitle": "Everything that runs on this server",
  "functions.all": "All functions",
  "functions.new": "New function",
  "functions.search": "Search functions",
  "functions.name": "Name",
  "functions.language": "Language",
  "functions.status": "Status",
  "functions.version": "Version",
  "functions.updated": "Changed",
  "functions.none": "No functions yet",
  "functions.noneText": "A function is a piece of code with an address of its own.",
  "functions.noneFound": "No function matches",

  "login.title": "Sign in",
  "login.subtitle": "with the API key of this server",
  "login.key": "API key",
  "login.submit": "Sign in",
  "login.busy": "Signing in …",
  "login.wrong": "This is not the key of this server.",
  "login.wait": {
    one: "Too many attempts. Try again in {{count}} second.",
    other: "Too many attempts. Try again in {{count}} seconds.",
  },
  "login.where": "The key was written at the first start into the data directory:",

  "nav.label": "Sections",
  "nav.functions": "Functions",

  "notFound.title": "There is no such page",
  "notFound.text": "The address may be old or mistyped.",
  "notFound.home": "Go to the start",

  "page.label": "Pages",
  "page.range": "{{first}}–{{last}} of {{total}}",
  "page.size": "Rows per page",
  "page.perPage": { one: "{{count}} per page", other: "{{count}} per page" },
  "page.previous": "Previous",
  "page.next": "Next",

  "palette.title": "Commands",
  "palette.placeholder": "Find a function or a command …",
  "palette.empty": "Nothing found",
  "palette.move": "move",
  "palette.choose": "choose",
  "palette.close": "close",
  "palette.language": "Language: {{name}}",
  "palette.current": "current",
  "palette.systemTheme": "Theme of the system",
  "palette.docs": "API documentation",
  "palette.openCode": "open code",

  "state.loading": "Loading …",
  "state.failed": "Loading failed",
  "state.notFound": "Not found",
  "state.unreachable": "The server can't be reached.",
  "state.retry": "Try again",

  "status.success": "Success",
  "status.error": "Error",
  "status.pending": "Running",

  "tab.code": "Code",
  "tab.versions": "Versions",
  "tab.executions": "Executions",
  "tab.settings": "Settings",
  "tab.test": "Test",

  "time.justNow": "just now",
  "time.soon": "in a moment",

  "toast.close": "Close message",

  "trigger.http": "HTTP",
  "trigger.cron": "Schedule",
  "trigger.test": "Test",
  "trigger.replay": "Replay",

  "code.cut": "Showing {{shown}} of {{total}} characters",
  "editor.loading": "Loading the editor …",
  "editor.failed": "The editor could not be loaded",
  "editor.escape": "Tab indents. Press Escape, then Tab, to leave the editor.",
  "function.noDescription": "No description",
  "function.parts": "Parts of this function",
};
